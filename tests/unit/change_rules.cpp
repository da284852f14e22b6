// The rules of each resource, as the contract has them.

#include <boost/test/unit_test.hpp>

#include <initializer_list>
#include <string>

#include "catalog/change.hpp"
#include "resources.hpp"
#include "validation.hpp"

using namespace larder;

namespace {

std::string text(std::size_t length, std::string_view character = "x") {
    std::string json = "\"";
    for (std::size_t i = 0; i < length; ++i) json += character;
    return json + '"';
}

/// A rule is tested through each way in which a body reaches it.
void check(std::string_view resource_name, const std::string& field, const std::string& value,
           bool is_valid) {
    const std::string body = "{\"" + field + "\": " + value + "}";
    const std::vector<std::string> expected =
        is_valid ? std::vector<std::string>{} : std::vector<std::string>{"/" + field};
    BOOST_TEST_CONTEXT(resource_name << ' ' << body.substr(0, 100)) {
        const auto& one = resource(resource_name);
        BOOST_TEST((refused_fields(one, ChangeMode::replace, body) == expected));
        BOOST_TEST((refused_fields(one, ChangeMode::merge_patch, body) == expected));
        const auto created = refused_fields(one, ChangeMode::create, body);
        BOOST_TEST((std::ranges::find(created, "/" + field) == created.end()) == is_valid);
    }
}

void valid(std::string_view resource_name, const std::string& field,
           std::initializer_list<std::string> values) {
    for (const auto& value : values) check(resource_name, field, value, true);
}

void invalid(std::string_view resource_name, const std::string& field,
             std::initializer_list<std::string> values) {
    for (const auto& value : values) check(resource_name, field, value, false);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(change_rules)

BOOST_AUTO_TEST_CASE(name_and_department_of_an_employee) {
    for (const std::string field : {"name", "department"}) {
        valid("employees", field, {text(1), text(100), text(100, "😀"), "\" \"", R"("\u00e9")"});
        invalid("employees", field,
                {text(0), text(101), text(101, "é"), "null", "1", "true", "[]", "{}", "[\"x\"]"});
    }
}

BOOST_AUTO_TEST_CASE(salary_of_an_employee_and_price_of_a_product) {
    const std::initializer_list<std::string> good = {
        "0",
        "-0",
        "-0.0",
        "0e1000",
        "0.01",
        "24.90",
        "999999999999",
        "999999999999.999",
        "1e11",
        "1e-400",
        "1e-1000",
        "99999999999.12345678901234567890",
        "1000000000000e-1",
        "128.74836467836484838364836483643636483648e-336"};
    const std::initializer_list<std::string> bad = {"-1",
                                                    "-0.01",
                                                    "-1e-400",
                                                    "-1e-99999999999999999999",
                                                    "1e12",
                                                    "1000000000000",
                                                    "1e400",
                                                    "-1e400",
                                                    "1e99999999999999999999",
                                                    "1e-1001",
                                                    "1e-20000",
                                                    "0e999999999999",
                                                    "\"1\"",
                                                    "\"\"",
                                                    "null",
                                                    "true",
                                                    "[]",
                                                    "{}",
                                                    "[1]"};
    valid("employees", "salary", good);
    invalid("employees", "salary", bad);
    valid("products", "price", good);
    invalid("products", "price", bad);
}

BOOST_AUTO_TEST_CASE(employee_id_of_an_employee) {
    valid("employees", "employee_id",
          {"null", "\"1\"", text(64), "\"AZaz09._-\"", "\"-\"", "\"..\"", R"("\u0041")"});
    invalid("employees", "employee_id",
            {text(0), text(65), "1", "true", "[]", "{}", "\" \"", "\"a b\"", "\"a/b\"", "\"é\"",
             "\"a\\n\"", "\"a:b\"", "\"a+b\"", "\"Ａ\"", "\"a%\"", "\"@\"", "\"[\"", "\"`\""});
}

BOOST_AUTO_TEST_CASE(name_of_a_product) {
    valid("products", "name", {text(1), text(255), text(255, "你")});
    invalid("products", "name", {text(0), text(256), "null", "1", "[]", "{}", "false"});
}

BOOST_AUTO_TEST_CASE(description_of_a_product) {
    valid("products", "description", {"null", text(0), text(10000), text(10000, "😀")});
    invalid("products", "description", {text(10001), "1", "true", "[]", "{}"});
}

BOOST_AUTO_TEST_CASE(stock_quantity_of_a_product) {
    valid("products", "stock_quantity",
          {"0", "-0", "-0.0", "150", "150.0", "1.5e2", "2147483647", "2147483647.000",
           "2147483.647e3", "0e1000"});
    invalid("products", "stock_quantity",
            {"-1", "2147483648", "2147483647.5", "0.5", "1e-400", "-1e-400", "1e10", "1e18",
             "1e400", "1e99999999999999999999", "18446744073709551616", "4294967296", "\"1\"",
             "null", "true", "[]", "{}"});
}

BOOST_AUTO_TEST_CASE(an_item_may_have_any_members) {
    for (const auto mode : {ChangeMode::create, ChangeMode::replace, ChangeMode::merge_patch}) {
        for (const auto* body : {"{}", R"({"": null})", R"({"name": 1, "x": [1, {"y": -1e-400}]})",
                                 R"({"id": "mine", "n": 1e400})"}) {
            BOOST_TEST(validate(resource("items"), mode, body).has_value());
        }
        BOOST_TEST((refused_fields(resource("items"), mode,
                                   R"({"a": {"b/c": [1, 1e1000]}, "n": 1e-1001})") ==
                    std::vector<std::string>{"/a/b~1c/1", "/n"}));
    }
}

BOOST_AUTO_TEST_CASE(numbers_of_an_item_must_not_grow_to_many_times_the_body) {
    const auto body_of = [](int numbers) {
        std::string body = R"({"a": [1e999)";
        for (int i = 1; i < numbers; ++i) body += ",1e999";
        return body + "]}";
    };
    for (const auto mode : {ChangeMode::create, ChangeMode::replace, ChangeMode::merge_patch}) {
        BOOST_TEST(validate(resource("items"), mode, body_of(60)).has_value());
        BOOST_TEST((refused_fields(resource("items"), mode, body_of(800)) ==
                    std::vector<std::string>{""}));
    }
}

BOOST_AUTO_TEST_CASE(what_an_ignored_id_holds_does_not_reach_the_database) {
    const auto change = validate(resource("items"), ChangeMode::create,
                                 R"({"a": 1, "id": [1e131071, {"b": 1e999999}], "c": 2})");
    BOOST_REQUIRE(change.has_value());
    BOOST_TEST(change->document == R"({"a": 1, "id":null, "c": 2})");
}

BOOST_AUTO_TEST_CASE(an_unknown_member_is_refused_where_members_have_rules) {
    for (const auto* name : {"employees", "products"}) {
        invalid(name, "unknown", {"1", "null", "{}"});
        invalid(name, "Name", {"\"x\""});
        invalid(name, "cached", {"true"});
    }
}

BOOST_AUTO_TEST_SUITE_END()
