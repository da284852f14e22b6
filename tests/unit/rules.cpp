#include "admin/rules.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace larder;
using namespace larder::admin;

namespace {

/// What a column takes beside what a field takes.
std::string compared(const FieldType& column, const FieldType& field) {
    const auto found = compare_rules(column, field);
    if (!found) return "another type";
    if (found->is_equal()) return "equal";
    if (found->has_all) return "more";
    return found->has_more ? "other" : "less";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(admin_rules)

BOOST_AUTO_TEST_CASE(texts_are_compared_by_length_and_characters) {
    BOOST_TEST(compared(Text{}, Text{}) == "equal");
    BOOST_TEST(compared(Text{.longest = 20}, Text{.longest = 30}) == "less");
    BOOST_TEST(compared(Text{.longest = 30}, Text{.longest = 20}) == "more");
    BOOST_TEST(compared(Text{.shortest = 1, .longest = 20}, Text{.longest = 10}) == "other");
    const Text identifier{.alphabet = Alphabet::identifier};
    BOOST_TEST(compared(identifier, Text{}) == "less");
    BOOST_TEST(compared(Text{}, identifier) == "more");
}

BOOST_AUTO_TEST_CASE(decimals_are_compared_by_the_numbers_that_they_take) {
    BOOST_TEST(compared(Decimal{}, Decimal{}) == "equal");
    BOOST_TEST(compared(Decimal{.least = "0"}, Decimal{.least = "0.00"}) == "equal");
    BOOST_TEST(compared(Decimal{.scale = 2, .digits = 2}, Decimal{.scale = 2}) == "less");
    // numeric(4,2) with a CHECK is what a field says by its bounds.
    BOOST_TEST(compared(Decimal{.least = "0", .scale = 2, .digits = 2},
                        Decimal{.least = "0", .most = "99.99", .scale = 2}) == "equal");
    // Without a scale there is a number between 99.99 and 100.
    BOOST_TEST(compared(Decimal{.digits = 2}, Decimal{.least = "-99.99", .most = "99.99"}) ==
               "more");
    BOOST_TEST(compared(Decimal{.digits = 2}, Decimal{.least = "-100", .most = "100"}) == "less");
    BOOST_TEST(compared(Decimal{.least = "-5", .digits = 3}, Decimal{.least = "0", .digits = 4}) ==
               "other");
    BOOST_TEST(compared(Decimal{.scale = 2, .digits = 0},
                        Decimal{.least = "-0.99", .most = "0.99", .scale = 2}) == "equal");
}

BOOST_AUTO_TEST_CASE(integers_and_enums_are_compared_as_sets) {
    BOOST_TEST(compared(Integer{.least = -32768, .most = 32767}, Integer{}) == "less");
    BOOST_TEST(compared(Enum{{"a", "b"}}, Enum{{"b", "a"}}) == "equal");
    BOOST_TEST(compared(Enum{{"a", "b"}}, Enum{{"b", "c"}}) == "other");
    BOOST_TEST(compared(Text{.longest = 1}, Enum{{"a", "b"}}) == "more");
    BOOST_TEST(compared(Text{.longest = 1}, Enum{{"a", "bb"}}) == "other");
    BOOST_TEST(compared(Enum{{"a"}}, Text{}) == "less");
    BOOST_TEST(compared(Boolean{}, Boolean{}) == "equal");
    BOOST_TEST(compared(Integer{}, Decimal{}) == "another type");
    BOOST_TEST(compared(Timestamp{}, DateTime{}) == "another type");
}

BOOST_AUTO_TEST_CASE(rules_become_conditions) {
    BOOST_TEST(rule_sql(Text{}, "v").empty());
    BOOST_TEST(rule_sql(Text{.shortest = 2, .longest = 8, .alphabet = Alphabet::identifier}, "v") ==
               "v ~ '^[A-Za-z0-9._-]*$' AND char_length(v) >= 2 AND char_length(v) <= 8");
    BOOST_TEST(rule_sql(Integer{.least = 0}, "v") == "v >= 0");
    BOOST_TEST(rule_sql(Decimal{.least = "0", .scale = 2, .digits = 3}, "v") ==
               "v >= 0 AND v < 1000 AND min_scale(v) <= 2");
    BOOST_TEST(rule_sql(Decimal{.digits = 3}, "v") == "v > -1000 AND v < 1000");
    BOOST_TEST(rule_sql(Enum{{"a", "it's"}}, "v") == "(v)::text IN ('a', 'it''s')");
}

BOOST_AUTO_TEST_CASE(a_default_is_known_in_the_spelling_of_postgresql) {
    const std::vector<std::pair<std::string, std::pair<FieldType, std::string>>> same = {
        {"'draft'::text", {Text{}, "draft"}},
        {"'it''s'::character varying", {Text{}, "it's"}},
        {R"(E'back\\slash'::text)", {Text{}, R"(back\slash)"}},
        {"0", {Integer{}, "0"}},
        {"(0)::numeric", {Decimal{}, "0"}},
        {"'-5'::integer", {Integer{}, "-5"}},
        {"24.90", {Decimal{}, "24.9"}},
        {"true", {Boolean{}, "true"}},
        {"'-1.5'::double precision", {Float{}, "-15e-1"}},
        {"'2026-11-28'::date", {Date{}, "2026-11-28"}},
        {"'2026-11-28 07:30:00.25+00'::timestamp with time zone",
         {Timestamp{}, "2026-11-28T07:30:00.25Z"}},
        {"'2026-11-28 07:30:00'::timestamp without time zone", {DateTime{}, "2026-11-28T07:30:00"}},
        {R"('{"b": 1, "aa": [1.50, 100000]}'::jsonb)", {Json{}, R"({ "aa":[1.5,1e+5],"b":1 })"}},
        {"'red'::\"Colour of; it\"", {Enum{{"red"}}, "red"}}};
    for (const auto& [expression, field] : same) {
        BOOST_TEST(is_same_default(expression, field.first, field.second), expression);
        BOOST_TEST(!is_same_default(expression, field.first, "7"), expression);
    }
    for (const std::string expression :
         {"now()", "nextval('s'::regclass)", "NULL::text", "('a'::text || 'b'::text)", "", "'a"}) {
        BOOST_TEST(!is_same_default(expression, Text{}, "a"), expression);
    }
}

BOOST_AUTO_TEST_SUITE_END()
