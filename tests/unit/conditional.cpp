#include "http/conditional.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>

using namespace larder::http;

namespace {

constexpr std::string_view tag = R"("0123456789abcdef")";

/// Headers that name `tag` as a strong one.
constexpr const char* naming[] = {
    "*",
    R"("0123456789abcdef")",
    R"("x", "0123456789abcdef")",
    R"("0123456789abcdef","x")",
    R"("a,b", "0123456789abcdef")",
    R"(W/"0123456789abcdef", "0123456789abcdef")",
    R"(W/"x","y"	,  "0123456789abcdef" )",
    R"(, ,"0123456789abcdef",)",
};

/// Headers that do not name it at all.
constexpr const char* others[] = {
    R"("x")",
    R"("")",
    R"("0123456789abcdeF")",
    R"("0123456789abcde")",
    R"("x, "0123456789abcdef")",
    R"("x,\"0123456789abcdef\"")",
    R"(0123456789abcdef)",
    R"("0123456789abcdef)",
    R"(w/"0123456789abcdef")",
    R"("**")",
    ",",
    "W/",
    "x",
};

}  // namespace

BOOST_AUTO_TEST_SUITE(conditional)

BOOST_AUTO_TEST_CASE(a_tag_is_a_strong_one_of_visible_characters) {
    const std::string made = entity_tag(R"({"id":1})");
    BOOST_REQUIRE(made.size() == 18U);
    BOOST_TEST(made.front() == '"');
    BOOST_TEST(made.back() == '"');
    BOOST_TEST(made.find_first_not_of("0123456789abcdef", 1) == made.size() - 1);
}

BOOST_AUTO_TEST_CASE(the_same_bytes_have_the_same_tag_and_others_another) {
    BOOST_TEST(entity_tag(R"({"id":1})") == entity_tag(std::string(R"({"id":1})")));
    BOOST_TEST(entity_tag(R"({"id":1})") != entity_tag(R"({"id":2})"));
    BOOST_TEST(entity_tag(R"({"n":1.0})") != entity_tag(R"({"n":1})"));
    BOOST_TEST(entity_tag("") != entity_tag(" "));
}

BOOST_AUTO_TEST_CASE(if_none_match_finds_the_tag_in_a_list) {
    for (const auto* header : naming) {
        BOOST_TEST_CONTEXT(header) { BOOST_TEST(if_none_match_names(header, tag)); }
    }
    for (const auto* header : others) {
        BOOST_TEST_CONTEXT(header) { BOOST_TEST(!if_none_match_names(header, tag)); }
    }
}

BOOST_AUTO_TEST_CASE(if_match_finds_the_tag_in_a_list) {
    for (const auto* header : naming) {
        BOOST_TEST_CONTEXT(header) { BOOST_TEST(if_match_passes(header, tag)); }
    }
    for (const auto* header : others) {
        BOOST_TEST_CONTEXT(header) { BOOST_TEST(!if_match_passes(header, tag)); }
    }
}

BOOST_AUTO_TEST_CASE(a_weak_tag_counts_for_if_none_match_only) {
    for (const auto* header : {R"(W/"0123456789abcdef")", R"("x", W/"0123456789abcdef")"}) {
        BOOST_TEST(if_none_match_names(header, tag));
        BOOST_TEST(!if_match_passes(header, tag));
    }
}

BOOST_AUTO_TEST_CASE(a_missing_header_is_no_condition) {
    BOOST_TEST(!if_none_match_names("", tag));
    BOOST_TEST(if_match_passes("", tag));
}

BOOST_AUTO_TEST_CASE(commas_inside_a_tag_do_not_end_it) {
    BOOST_TEST(if_match_passes(R"("x", "a,b", "y")", R"("a,b")"));
    BOOST_TEST(!if_match_passes(R"("x,"a,b"")", R"("a,b")"));
}

BOOST_AUTO_TEST_SUITE_END()
