#include "json/value.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

#include "json/document.hpp"

using larder::json::Value;

namespace {

/// Without what is there for people only.
std::string compact(const Value& value) {
    std::string text = value.text();
    std::erase_if(text, [](char c) { return c == '\n' || c == ' '; });
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_value)

BOOST_AUTO_TEST_CASE(each_type_has_its_text) {
    BOOST_TEST(compact(Value()) == "null");
    BOOST_TEST(compact(true) == "true");
    BOOST_TEST(compact(-7) == "-7");
    BOOST_TEST(compact(std::int64_t{9223372036854775807}) == "9223372036854775807");
    BOOST_TEST(compact("a\"\\\n") == R"("a\"\\\n")");
    BOOST_TEST(compact(std::string_view("a\0b", 3)) == R"("a\u0000b")");
    BOOST_TEST(compact("Zoë") == "\"Zoë\"");
    BOOST_TEST(compact(Value::Array{}) == "[]");
    BOOST_TEST(compact(Value::Object{}) == "{}");
}

BOOST_AUTO_TEST_CASE(members_keep_their_order_and_values_nest) {
    const Value value = Value::Object{{"z", 1}, {"a", Value::Array{"x", Value::Object{{"b", {}}}}}};
    BOOST_TEST(compact(value) == R"({"z":1,"a":["x",{"b":null}]})");
}

BOOST_AUTO_TEST_CASE(text_that_is_json_already_stays_as_it_is) {
    BOOST_TEST(compact(Value::Array{Value::json("24.90"), Value::json(R"({"a":1})")}) ==
               R"([24.90,{"a":1}])");
}

BOOST_AUTO_TEST_CASE(levels_are_indented) {
    const Value value = Value::Object{{"a", Value::Array{1}}};
    BOOST_TEST(value.text() == "{\n  \"a\": [\n    1\n  ]\n}");
}

BOOST_AUTO_TEST_CASE(the_reader_takes_it) {
    const Value value = Value::Object{{"name", "a\tb"}, {"price", Value::json("1e3")}};
    const auto document = larder::json::parse(value.text());
    BOOST_REQUIRE(document);
    BOOST_TEST(document->find("name")->text == "a\tb");
    BOOST_TEST(document->find("price")->text == "1e3");
}

BOOST_AUTO_TEST_SUITE_END()
