#include "json/nested.hpp"

#include <boost/test/unit_test.hpp>

#include <string_view>
#include <vector>

using larder::json::elements_of;
using Elements = std::vector<std::string_view>;

BOOST_AUTO_TEST_SUITE(json_nested)

BOOST_AUTO_TEST_CASE(elements_at_the_first_level) {
    BOOST_TEST((elements_of("[]") == Elements{}));
    BOOST_TEST((elements_of(" [ \n] ") == Elements{}));
    BOOST_TEST((elements_of("[1]") == Elements{"1"}));
    BOOST_TEST((elements_of("[ 1 ,\ttrue,null ]") == Elements{"1", "true", "null"}));
    BOOST_TEST((elements_of(R"([{"a":[1,2],"b":","},[3,[4]],"x"])") ==
                Elements{R"({"a":[1,2],"b":","})", "[3,[4]]", R"("x")"}));
}

BOOST_AUTO_TEST_CASE(what_stands_in_strings_separates_nothing) {
    BOOST_TEST((elements_of(R"(["a,b","]","\"],[","\\"])") ==
                Elements{R"("a,b")", R"("]")", R"("\"],[")", R"("\\")"}));
}

BOOST_AUTO_TEST_SUITE_END()
