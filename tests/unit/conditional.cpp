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
    R"("x")", R"("")", R"("0123456789abcdeF")", R"("0123456789abcde")", R"(W/"x", "y")", R"("**")",
};

/// Headers that are no list of tags.
constexpr const char* malformed[] = {
    "",
    " ",
    "\t",
    R"("x, "0123456789abcdef")",
    R"("x,\"0123456789abcdef\"")",
    R"("0123456789abcdef" "x")",
    R"("0123456789abcdef";)",
    R"(*, "0123456789abcdef")",
    R"("012345 6789abcdef")",
    "\"x\x01\"",
    R"(0123456789abcdef)",
    R"("0123456789abcdef)",
    R"(w/"0123456789abcdef")",
    ",",
    "W/",
    "x",
};

Preconditions parsed(std::optional<std::string_view> if_match,
                     std::optional<std::string_view> if_none_match = std::nullopt) {
    auto preconditions = parse_preconditions(if_match, if_none_match);
    BOOST_REQUIRE(preconditions.has_value());
    return std::move(*preconditions);
}

bool passes(std::optional<std::string_view> if_match,
            std::optional<std::string_view> if_none_match = std::nullopt,
            std::string_view present = tag) {
    return check(parsed(if_match, if_none_match), present).has_value();
}

std::string refusal(std::optional<std::string_view> if_match,
                    std::optional<std::string_view> if_none_match = std::nullopt) {
    const auto checked = check(parsed(if_match, if_none_match), tag);
    BOOST_REQUIRE(!checked.has_value());
    BOOST_TEST((checked.error().kind == larder::ErrorKind::precondition_failed));
    return checked.error().detail;
}

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

BOOST_AUTO_TEST_CASE(a_read_finds_the_tag_in_if_none_match) {
    for (const auto* header : naming) {
        BOOST_TEST_CONTEXT(header) { BOOST_TEST(if_none_match_names(header, tag)); }
    }
    for (const auto* header : others) {
        BOOST_TEST_CONTEXT(header) { BOOST_TEST(!if_none_match_names(header, tag)); }
    }
    for (const auto* header : malformed) {
        BOOST_TEST_CONTEXT(header) { BOOST_TEST(!if_none_match_names(header, tag)); }
    }
    BOOST_TEST(if_none_match_names(R"(W/"0123456789abcdef")", tag));
}

BOOST_AUTO_TEST_CASE(if_match_passes_where_it_names_the_tag) {
    for (const auto* header : naming) {
        BOOST_TEST_CONTEXT(header) { BOOST_TEST(passes(header)); }
    }
    for (const auto* header : others) {
        BOOST_TEST_CONTEXT(header) { BOOST_TEST(!passes(header)); }
    }
}

BOOST_AUTO_TEST_CASE(if_none_match_passes_where_it_does_not_name_the_tag) {
    for (const auto* header : naming) {
        BOOST_TEST_CONTEXT(header) { BOOST_TEST(!passes(std::nullopt, header)); }
    }
    for (const auto* header : others) {
        BOOST_TEST_CONTEXT(header) { BOOST_TEST(passes(std::nullopt, header)); }
    }
}

BOOST_AUTO_TEST_CASE(a_weak_tag_counts_for_if_none_match_only) {
    for (const auto* header : {R"(W/"0123456789abcdef")", R"("x", W/"0123456789abcdef")"}) {
        BOOST_TEST(!passes(header));
        BOOST_TEST(!passes(std::nullopt, header));
    }
}

BOOST_AUTO_TEST_CASE(both_conditions_must_hold) {
    BOOST_TEST(passes(tag, R"("x")"));
    BOOST_TEST(!passes(tag, tag));
    BOOST_TEST(!passes(R"("x")", R"("y")"));
}

BOOST_AUTO_TEST_CASE(a_refusal_says_what_is_true) {
    BOOST_TEST(refusal(R"("x")").find("has changed since") != std::string::npos);
    for (const auto* header : {R"(W/"0123456789abcdef")", R"(W/"x")"}) {
        BOOST_TEST(refusal(header).find("weak") != std::string::npos);
        BOOST_TEST(refusal(header).find("has changed") == std::string::npos);
    }
    BOOST_TEST(refusal(std::nullopt, "*").find("exists") != std::string::npos);
    BOOST_TEST(refusal(std::nullopt, tag).find("present tag") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_not_sent_is_no_condition) {
    BOOST_TEST(!if_none_match_names("", tag));
    BOOST_TEST(parsed(std::nullopt).empty());
    BOOST_TEST(passes(std::nullopt));
    BOOST_TEST(!parsed("*").empty());
    BOOST_TEST(!parsed(std::nullopt, "*").empty());
}

BOOST_AUTO_TEST_CASE(what_is_empty_or_malformed_is_refused_and_named) {
    for (const auto* header : malformed) {
        BOOST_TEST_CONTEXT(header) {
            const auto match = parse_preconditions(header, std::nullopt);
            BOOST_REQUIRE(!match.has_value());
            BOOST_TEST((match.error().kind == larder::ErrorKind::bad_request));
            BOOST_TEST(match.error().detail.find("If-Match ") != std::string::npos);
            const auto none_match = parse_preconditions(std::nullopt, header);
            BOOST_REQUIRE(!none_match.has_value());
            BOOST_TEST(none_match.error().detail.find("If-None-Match ") != std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(commas_inside_a_tag_do_not_end_it) {
    BOOST_TEST(passes(R"("x", "a,b", "y")", std::nullopt, R"("a,b")"));
    BOOST_TEST(!passes(R"("x", "a,", "b")", std::nullopt, R"("a,b")"));
}

BOOST_AUTO_TEST_SUITE_END()
