#include "bulk/csv_reader.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "bulk/line_reader.hpp"

using namespace larder::bulk;

namespace {

/// A record as one text: `line: cell|"cell"`, or `line! error`.
std::string text_of(const CsvRecord& record) {
    std::string text = std::to_string(record.line);
    if (!record.error.empty()) return text + "! " + record.error;
    text += ':';
    for (const auto& cell : record.cells) {
        const std::string_view quote = cell.is_quoted ? "\"" : "";
        text.append(" ").append(quote).append(cell.text).append(quote);
    }
    return text;
}

using Texts = std::vector<std::string>;

Texts read(std::string_view file, std::size_t piece, std::size_t limit = 1000) {
    Texts found;
    CsvReader reader(limit, [&](const CsvRecord& record) {
        found.push_back(text_of(record));
        return true;
    });
    for (std::size_t at = 0; at < file.size(); at += piece) reader.read(file.substr(at, piece));
    reader.end();
    return found;
}

/// Whatever the pieces are.
void expect(std::string_view file, const Texts& records, std::size_t limit = 1000) {
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, file.size() + 1}) {
        BOOST_TEST_CONTEXT("pieces of " << piece) {
            BOOST_TEST(read(file, piece, limit) == records, boost::test_tools::per_element());
        }
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bulk_csv_reader)

BOOST_AUTO_TEST_CASE(lines_end_as_people_have_them) {
    expect("a,b\r\n1,2\r\n", {"1: a b", "2: 1 2"});
    expect("a,b\n1,2", {"1: a b", "2: 1 2"});
    expect("a,b\r1,2\r", {"1: a b", "2: 1 2"});
    expect("a,b\n\n\r\n1,2\n\n", {"1: a b", "4: 1 2"});
    expect("", {});
    expect("\n\n", {});
}

BOOST_AUTO_TEST_CASE(the_first_line_tells_the_separator) {
    expect("a;b\n1,5;2\n", {"1: a b", "2: 1,5 2"});
    expect("a\tb\n1;2\t3,4\n", {"1: a b", "2: 1;2 3,4"});
    expect("\"x;y;z\",b\n1,2\n", {"1: \"x;y;z\" b", "2: 1 2"});
    expect("sep=;\r\na;b\r\n1;2\r\n", {"2: a b", "3: 1 2"});
    expect("sep=|\na|b\n1|,\n", {"2: a b", "3: 1 ,"});
    expect("a\n1,2\n", {"1: a", "2: 1 2"});
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_is_no_text) {
    expect(
        "\xEF\xBB\xBF"
        "a,b\n",
        {"1: a b"});
    expect("\xEF\xBB\xBFsep=;\na;b\n", {"2: a b"});
    expect("\xEF\xBB\xBF", {});
    expect("\xEF\xBB", {"1! is not UTF-8"});
}

BOOST_AUTO_TEST_CASE(quotes_keep_separators_newlines_and_quotes) {
    expect("a,b\n\"x,y\",\"say \"\"so\"\"\"\n", {"1: a b", "2: \"x,y\" \"say \"so\"\""});
    expect("a,b\n\"one\ntwo\r\nthree\rfour\",z\nlast,1\n",
           {"1: a b", "2: \"one\ntwo\r\nthree\rfour\" z", "6: last 1"});
    expect("a,b\n\"\",\n", {"1: a b", "2: \"\" "});
    expect("a,b\n,\n", {"1: a b", "2:  "});
    expect("a,b\n1,\"\"", {"1: a b", "2: 1 \"\""});
    expect("\"a\"\"\"\n", {"1: \"a\"\""});
}

BOOST_AUTO_TEST_CASE(after_a_mistake_the_next_line_is_read) {
    expect("a,b\nx\"y,1\n2,3\n",
           {"1: a b", "2! a quote stands in a cell that does not begin with one", "3: 2 3"});
    expect("a,b\n\"x\"y,1\n2,3\n",
           {"1: a b", "2! text follows the quote that ends a cell", "3: 2 3"});
    expect("a,b\n\"x\" ,1\n2,3\n",
           {"1: a b", "2! text follows the quote that ends a cell", "3: 2 3"});
    expect("a,b\n2,\"3\n4,5\n", {"1: a b", "2! a quote that begins a cell is never closed"});
    expect("a,b\n\"x\ny\"z,1\n2,3\n",
           {"1: a b", "2! text follows the quote that ends a cell", "4: 2 3"});
    expect("a,b\n\xE9,1\n2,3\n", {"1: a b", "2! is not UTF-8", "3: 2 3"});
    expect("a,b\n\xC3,\xA9\n2,3\n", {"1: a b", "2! is not UTF-8", "3: 2 3"});
    expect(std::string("a,b\n1\0,2\n3,4\n", 13), {"1: a b", "2! holds a NUL character", "3: 3 4"});
}

BOOST_AUTO_TEST_CASE(a_record_has_a_bound) {
    const std::string exact = "12345678,0";
    expect("a,b\n" + exact + "\n" + exact + "1\n3,4\n",
           {"1: a b", "2: 12345678 0", "3! has over 10 bytes", "4: 3 4"}, 10);
    expect("a,b\n\"" + std::string(50, '\n') + "\",2\n3,4\n",
           {"1: a b", "2! has over 10 bytes", "53: 3 4"}, 10);
    expect("a,b\n" + std::string(50, ',') + "\n3,4\n", {"1: a b", "2! has over 10 bytes", "3: 3 4"},
           10);
}

BOOST_AUTO_TEST_CASE(whoever_takes_records_can_end_it) {
    std::size_t taken = 0;
    CsvReader reader(100, [&](const CsvRecord&) { return ++taken < 2; });
    BOOST_TEST(!reader.read("a\n1\n2\n3\n"));
    BOOST_TEST(!reader.read("4\n"));
    BOOST_TEST(!reader.end());
    BOOST_TEST(taken == 2U);
}

BOOST_AUTO_TEST_CASE(lines_of_ndjson) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{100}}) {
        Texts found;
        LineReader reader(8, [&](const LineReader::Line& line) {
            found.push_back(std::to_string(line.number) + (line.is_too_long ? "!" : ":") +
                            std::string(line.text));
            return true;
        });
        const std::string_view file = "\xEF\xBB\xBF{}\r\n\n  \n12345678\n123456789\n{}";
        for (std::size_t at = 0; at < file.size(); at += piece) reader.read(file.substr(at, piece));
        reader.end();
        const Texts wanted = {"1:{}", "4:12345678", "5!12345678", "6:{}"};
        BOOST_TEST(found == wanted, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_SUITE_END()
