// Texts that a spreadsheet would take for formulas.
#include "bulk/spreadsheet.hpp"

#include <boost/test/unit_test.hpp>

using larder::bulk::for_spreadsheet;

BOOST_AUTO_TEST_SUITE(bulk_spreadsheet)

BOOST_AUTO_TEST_CASE(an_apostrophe_stands_before_what_looks_like_a_formula) {
    for (const std::string text :
         {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋", "－", "＠"}) {
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(for_spreadsheet("1,\"" + text + "\",2") == "1,\"'" + text + "\",2");
            BOOST_TEST(for_spreadsheet("\"" + text + "\"") == "\"'" + text + "\"");
        }
    }
}

BOOST_AUTO_TEST_CASE(all_else_stays) {
    for (const std::string line : {"", "-1,+2,=3", "1,\"\",\"a=1\",\"'=1\"", R"("""=1","a"",""=1")",
                                   "\" =1\",,\"\"\"\"", "1,\"a\r\n=1\""}) {
        BOOST_TEST_CONTEXT(line) { BOOST_TEST(for_spreadsheet(line) == line); }
    }
    BOOST_TEST(for_spreadsheet("\"\",\"=\",\"\"\"\"") == "\"\",\"'=\",\"\"\"\"");
}

BOOST_AUTO_TEST_SUITE_END()
