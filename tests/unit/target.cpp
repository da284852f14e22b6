#include "http/target.hpp"

#include <boost/test/unit_test.hpp>

using namespace larder;
using namespace larder::http;

namespace {

std::vector<std::string> segments(std::string_view text) {
    const auto target = parse_target(text);
    return target.segments;
}

std::string parameter(std::string_view text, std::string_view name) {
    const auto target = parse_target(text);
    return target.parameter(name).value_or("(none)");
}

using Segments = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(target)

BOOST_AUTO_TEST_CASE(a_path_is_split_at_its_slashes) {
    BOOST_TEST((segments("/") == Segments{}));
    BOOST_TEST((segments("/?a=1") == Segments{}));
    BOOST_TEST((segments("/employees") == Segments{"employees"}));
    BOOST_TEST((segments("/employees/1") == Segments{"employees", "1"}));
    BOOST_TEST((segments("/a/b/c?d/e") == Segments{"a", "b", "c"}));
}

BOOST_AUTO_TEST_CASE(empty_segments_are_kept) {
    BOOST_TEST((segments("/employees/") == Segments{"employees", ""}));
    BOOST_TEST((segments("//employees") == Segments{"", "employees"}));
    BOOST_TEST((segments("/a//b") == Segments{"a", "", "b"}));
    BOOST_TEST((segments("//") == Segments{"", ""}));
    BOOST_TEST((segments("/employees/?x") == Segments{"employees", ""}));
}

BOOST_AUTO_TEST_CASE(dots_have_no_meaning) {
    BOOST_TEST((segments("/a/../b/.") == Segments{"a", "..", "b", "."}));
}

BOOST_AUTO_TEST_CASE(segments_are_percent_decoded_after_the_split) {
    BOOST_TEST((segments("/user/a%2Fb%2fc") == Segments{"user", "a/b/c"}));
    BOOST_TEST((segments("/user/Zo%C3%AB%20+%3F%25") == Segments{"user", "Zoë +?%"}));
    BOOST_TEST((segments("/%75ser") == Segments{"user"}));
    BOOST_TEST((segments("/a%252Fb") == Segments{"a%2Fb"}));
    BOOST_TEST((segments("/a%3Fb?c") == Segments{"a?b"}));
}

BOOST_AUTO_TEST_CASE(a_percent_sign_without_two_digits_stands_for_itself) {
    for (const std::string text : {"%", "%4", "%G1", "%1G", "%-1", "%+1", "% 1", "100%"}) {
        BOOST_TEST((segments("/" + text) == Segments{text}));
    }
    BOOST_TEST((segments("/%%41") == Segments{"%A"}));
    BOOST_TEST((segments("/%4%41") == Segments{"%4A"}));
}

BOOST_AUTO_TEST_CASE(a_path_may_be_no_text) {
    for (const auto* text :
         {"/user/%FF", "/%C3", "/a/%ED%A0%80/b", "/user/%00", "/x%00y", "/user/\xFF"}) {
        BOOST_TEST(!parse_target(text).is_text);
    }
    BOOST_TEST(parse_target("/user/%C3%A9?name=%FF").is_text);
}

BOOST_AUTO_TEST_CASE(the_query_is_kept_as_sent) {
    const auto target = parse_target("/user?name=a%20b?c&d");
    BOOST_TEST(target.query == "name=a%20b?c&d");
    BOOST_TEST(parse_target("/user").query.empty());
    BOOST_TEST(parse_target("/user?").query.empty());
}

BOOST_AUTO_TEST_CASE(a_parameter_is_found_and_form_decoded) {
    BOOST_TEST(parameter("/user?name=Bob", "name") == "Bob");
    BOOST_TEST(parameter("/user?a=1&name=Bob&b=2", "name") == "Bob");
    BOOST_TEST(parameter("/user?name=A+B%2BC%26D%3d", "name") == "A B+C&D=");
    BOOST_TEST(parameter("/user?n%61me=Bob", "name") == "Bob");
    BOOST_TEST(parameter("/user?name=a=b", "name") == "a=b");
    BOOST_TEST(parameter("/user?name=1&name=2", "name") == "1");
}

BOOST_AUTO_TEST_CASE(an_empty_parameter_is_not_a_missing_one) {
    for (const auto* text : {"/user?name=", "/user?name", "/user?a&name", "/user?name&a=1"}) {
        BOOST_TEST(parameter(text, "name").empty());
    }
    for (const auto* text : {"/user", "/user?", "/user?names=1", "/user?Name=1", "/user?&&",
                             "/user?a=name", "/user?=name"}) {
        BOOST_TEST(parameter(text, "name") == "(none)");
    }
}

BOOST_AUTO_TEST_SUITE_END()
