#include "admin/check_rules.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/test/unit_test.hpp>

#include <string>
#include <variant>

using namespace larder;
using namespace larder::admin;

namespace {

std::string shown_rules(const Text& type) {
    const auto longest =
        type.longest == Text::no_limit ? std::string("*") : std::to_string(type.longest);
    return fmt::format("text {}..{}{}", type.shortest, longest,
                       type.alphabet == Alphabet::identifier ? " identifier" : "");
}
std::string shown_rules(const Integer& type) {
    return fmt::format("integer {}..{}", type.least, type.most);
}
std::string shown_rules(const Decimal& type) {
    std::string text = fmt::format("decimal {}..{}", type.least, type.most);
    if (type.digits) text += fmt::format(" digits {}", *type.digits);
    if (type.scale) text += fmt::format(" scale {}", *type.scale);
    return text;
}
std::string shown_rules(const Enum& type) {
    return fmt::format("enum {}", fmt::join(type.values, ","));
}
template <class Other>
std::string shown_rules(const Other&) {
    return "other";
}

/// The rules of a column `x` of this type with this check.
std::string rules(const std::string& type, const std::string& check,
                  const std::vector<std::string>& labels = {}, const std::string& name = "x") {
    auto found = rules_of_type(type, labels);
    BOOST_REQUIRE(found);
    const bool is_understood = add_check(*found, {name, type}, check);
    return (is_understood ? "" : "? ") +
           std::visit([](const auto& one) { return shown_rules(one); }, *found);
}

}  // namespace

// The expressions are what pg_get_expr of PostgreSQL 15 prints.
BOOST_AUTO_TEST_SUITE(check_rules)

BOOST_AUTO_TEST_CASE(types_have_rules_of_their_own) {
    const auto of = [](const std::string& type, const std::vector<std::string>& labels = {}) {
        const auto found = rules_of_type(type, labels);
        return found ? std::visit([](const auto& one) { return shown_rules(one); }, *found) : "-";
    };
    BOOST_TEST(of("character varying(20)") == "text 0..20");
    BOOST_TEST(of("character(4)") == "text 0..4");
    BOOST_TEST(of("smallint") == "integer -32768..32767");
    BOOST_TEST(of("numeric(7,2)") == "decimal .. digits 5 scale 2");
    BOOST_TEST(of("numeric(3,-2)") == "decimal .. digits 5 scale 0");
    BOOST_TEST(of("numeric(2,5)") == "decimal -0.00099..0.00099 scale 5");
    BOOST_TEST(of("numeric") == "decimal ..");
    BOOST_TEST(of("mood", {"sad", "ok"}) == "enum sad,ok");
    BOOST_TEST(
        (std::holds_alternative<Timestamp>(*rules_of_type("timestamp(3) with time zone", {}))));
    BOOST_TEST(
        (std::holds_alternative<DateTime>(*rules_of_type("timestamp without time zone", {}))));
    for (const std::string type :
         {"text[]", "character varying(20)[]", "timestamp without time zone[]", "bytea", "tsvector",
          "time without time zone", "interval", "inet", "int4range", "money", "\"char\"", "name",
          "numeric(7,2)[]", "character(4)[]"}) {
        BOOST_TEST(of(type) == "-", type);
    }
}

BOOST_AUTO_TEST_CASE(lengths_of_texts) {
    BOOST_TEST(rules("text", "((char_length(x) >= 1) AND (char_length(x) <= 100))") ==
               "text 1..100");
    BOOST_TEST(rules("character varying(20)",
                     "((length((x)::text) > 2) AND (length((x)::text) <= 10))") == "text 3..10");
    BOOST_TEST(rules("text", "(character_length(x) = 5)") == "text 5..5");
    BOOST_TEST(rules("text", "(x <> ''::text)") == "text 1..*");
    BOOST_TEST(rules("text", "((x IS NULL) OR (length(x) < 9))") == "text 0..8");
    for (const std::string check :
         {"(length(x) < 0)", "(octet_length(x) < 10)", "(char_length(btrim(x)) > 0)",
          "(x ~~ 'a%'::text)", "(x IS NOT NULL)", "(char_length(y) < 5)", "(x <> 'a'::text)",
          "((char_length(x) > 0) AND (y > 1))", "((char_length(x) > 0) OR (x = 'a'::text))"}) {
        BOOST_TEST(rules("text", check) == "? text 0..*", check);
    }
    BOOST_TEST(rules("character(4)", "(char_length(x) > 1)") == "? text 0..4");
}

BOOST_AUTO_TEST_CASE(identifiers) {
    BOOST_TEST(rules("text", "(x ~ '^[A-Za-z0-9._-]{1,64}$'::text)") == "text 1..64 identifier");
    BOOST_TEST(rules("text", "(x ~ '^[a-zA-Z0-9_.\\-]+$'::text)") == "text 1..* identifier");
    BOOST_TEST(rules("character varying(10)", "((x)::text ~ '^[A-Za-z0-9._-]{2,}$'::text)") ==
               "text 2..10 identifier");
    BOOST_TEST(rules("text", "(x ~ '^[A-Za-z0-9._-]$'::text)") == "text 1..1 identifier");
    BOOST_TEST(rules("character varying(10)", "((VALUE)::text ~ '^[A-Za-z0-9._-]{1,8}$'::text)", {},
                     "VALUE") == "text 1..8 identifier");
    for (const std::string pattern :
         {"^[A-Za-z0-9._-]{1,64}", "[A-Za-z0-9._-]{1,64}$", "^[A-Z0-9._-]+$", "^[A-Za-z0-9._-]+?$",
          "^[^A-Za-z0-9._-]+$", "^[A-Za-z0-9._ -]+$", "^[A-Za-z0-9._-]+|$", "^[\\w.-]+$"}) {
        BOOST_TEST(rules("text", "(x ~ '" + pattern + "'::text)") == "? text 0..*", pattern);
    }
}

BOOST_AUTO_TEST_CASE(bounds_of_integers) {
    BOOST_TEST(rules("integer", "((x >= '-5'::integer) AND (x <= 10))") == "integer -5..10");
    BOOST_TEST(rules("integer", "(('-5'::integer <= x) AND (x <= (+ 7)))") == "integer -5..7");
    BOOST_TEST(rules("smallint", "(x > 0)") == "integer 1..32767");
    BOOST_TEST(rules("integer", "((x >= 0) AND (x < '2147483648'::bigint))") ==
               "integer 0..2147483647");
    BOOST_TEST(rules("bigint", "((x)::numeric >= (0)::numeric)") ==
               "integer 0..9223372036854775807");
    BOOST_TEST(rules("integer", "(x = ANY (ARRAY[3, 1, 2]))") == "integer 1..3");
    BOOST_TEST(rules("integer", "(((VALUE) >= 1901) AND (VALUE <= 2155))", {}, "VALUE") ==
               "integer 1901..2155");
    BOOST_TEST(rules("integer", "((x)::integer > 1950)") == "integer 1951..2147483647");
    for (const std::string check :
         {"(x = ANY (ARRAY[1, 3]))", "((x % 2) = 0)", "(x <> 5)", "((x)::numeric >= 0.5)",
          "((x > 5) AND (x < 5))", "((x)::text = '1'::text)", "(x > 99999999999999999999)"}) {
        BOOST_TEST(rules("integer", check) == "? integer -2147483648..2147483647", check);
    }
}

BOOST_AUTO_TEST_CASE(bounds_of_decimals) {
    BOOST_TEST(
        rules("numeric", "((x >= (0)::numeric) AND (x < ('1000000000000'::bigint)::numeric))") ==
        "decimal 0.. digits 12");
    BOOST_TEST(rules("numeric", "((x > '-1000'::numeric) AND (x < (1000)::numeric))") ==
               "decimal .. digits 3");
    BOOST_TEST(rules("numeric", "(abs(x) < '100000'::numeric)") == "decimal .. digits 5");
    BOOST_TEST(rules("numeric(5,2)", "((x >= (0)::numeric) AND (x <= 99.5))") ==
               "decimal 0..99.5 digits 3 scale 2");
    BOOST_TEST(rules("numeric(7,2)", "(x > (0)::numeric)") == "decimal 0.01.. digits 5 scale 2");
    BOOST_TEST(rules("numeric(7,2)", "((x < (0)::numeric) AND (x > '-0.05'::numeric))") ==
               "decimal -0.04..-0.01 digits 5 scale 2");
    BOOST_TEST(rules("numeric(7,0)", "(x < '-9'::numeric)") == "decimal ..-10 digits 7 scale 0");
    BOOST_TEST(rules("numeric", "((x >= '-12.50'::numeric) AND ((100)::numeric > x))") ==
               "decimal -12.50.. digits 2");
    BOOST_TEST(rules("numeric", "(scale(x) <= 2)") == "decimal .. scale 2");
    BOOST_TEST(rules("numeric", "((x = round(x, 2)) AND (x > (0)::numeric))") ==
               "decimal 0.01.. scale 2");
    BOOST_TEST(rules("numeric", "(trunc(x, 3) = x)") == "decimal .. scale 3");
    for (const std::string check :
         {"(x > (0)::numeric)", "(x < (1000)::numeric)", "(x <> 'NaN'::numeric)",
          "(x < 'Infinity'::numeric)", "(mod(x, 0.01) = (0)::numeric)",
          "((x >= '-100'::numeric) AND (x < (100)::numeric))", "((x)::integer > 5)"}) {
        BOOST_TEST(rules("numeric", check) == "? decimal ..", check);
    }
}

BOOST_AUTO_TEST_CASE(one_of_some_texts) {
    BOOST_TEST(rules("text", "(x = ANY (ARRAY['x'::text, 'y'::text]))") == "enum x,y");
    BOOST_TEST(rules("character varying(3)",
                     "((x)::text = ANY ((ARRAY['x'::character varying,"
                     " 'long'::character varying])::text[]))") == "enum x");
    BOOST_TEST(rules("text", "(x = 'z'::text)") == "enum z");
    BOOST_TEST(rules("text", "((x = 'z'::text) OR (x = 'y'::text) OR (x = 'it''s'::text))") ==
               "enum z,y,it's");
    BOOST_TEST(rules("text", "((x IS NULL) OR (x = 'a'::text))") == "enum a");
    BOOST_TEST(rules("character(1)", "(x = ANY (ARRAY['a'::bpchar, 'b'::bpchar]))") == "enum a,b");
    BOOST_TEST(rules("mood", "(x = ANY (ARRAY['ok'::mood]))", {"sad", "ok"}) == "enum ok");
    BOOST_TEST(rules("text", "(VALUE = ANY (ARRAY['a'::text, 'b'::text]))", {}, "VALUE") ==
               "enum a,b");
    // PostgreSQL pads the text, so a read would have a value that is none of the enum.
    BOOST_TEST(rules("character(4)", "(x = ANY (ARRAY['a'::bpchar, 'b'::bpchar]))") ==
               "? text 0..4");
    BOOST_TEST(rules("text", "(x = ANY (ARRAY[''::text, 'y'::text]))") == "? text 0..*");
    BOOST_TEST(rules("citext", "(x = 'a'::citext)") == "? text 0..*");
    BOOST_TEST(rules("text", "(x = lower('A'::text))") == "? text 0..*");
    BOOST_TEST(rules("text", "((x = 'a'::text) IS NOT FALSE)") == "? text 0..*");
}

BOOST_AUTO_TEST_CASE(rules_of_several_checks_add_up) {
    auto found = rules_of_type("text", {});
    BOOST_TEST(add_check(*found, {"x", "text"}, "(char_length(x) < 2)"));
    BOOST_TEST(add_check(*found, {"x", "text"}, "(x = ANY (ARRAY['a'::text, 'bb'::text]))"));
    BOOST_TEST(shown_rules(std::get<Enum>(*found)) == "enum a");
    BOOST_TEST(!add_check(*found, {"x", "text"}, "(x = 'c'::text)"));
    BOOST_TEST(shown_rules(std::get<Enum>(*found)) == "enum a");
}

BOOST_AUTO_TEST_CASE(a_document_is_an_object) {
    BOOST_TEST(rules("jsonb", "(jsonb_typeof(data) = 'object'::text)", {}, "data") == "other");
    BOOST_TEST(rules("jsonb", "(jsonb_typeof(x) = 'object'::text)") == "? other");
    BOOST_TEST(rules("jsonb", "(jsonb_typeof(data) = 'array'::text)", {}, "data") == "? other");
}

BOOST_AUTO_TEST_CASE(names_with_quotes) {
    BOOST_TEST(rules("integer", "(\"a \"\"b\" >= 0)", {}, "a \"b") == "integer 0..2147483647");
    BOOST_TEST(rules("text", "(\"Order\" = 'x'::text)", {}, "Order") == "enum x");
}

BOOST_AUTO_TEST_CASE(broken_or_endless_expressions_are_not_understood) {
    const std::string whole = "((char_length(x) >= 1) AND (x = ANY (ARRAY['x'::text, 'y'::text])))";
    for (std::size_t length = 0; length < whole.size(); ++length) {
        BOOST_TEST(rules("text", whole.substr(0, length)).starts_with("? "));
    }
    BOOST_TEST(rules("text", std::string(100000, '(')).starts_with("? "));
}

BOOST_AUTO_TEST_SUITE_END()
