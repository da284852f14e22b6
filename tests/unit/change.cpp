#include "catalog/change.hpp"

#include <boost/test/unit_test.hpp>

#include "resources.hpp"
#include "validation.hpp"

using namespace larder;

namespace {

using Pointers = std::vector<std::string>;

constexpr std::string_view alice = R"({"name": "Alice", "salary": 1, "department": "D"})";

Change valid(const Resource& resource, ChangeMode mode, std::string_view body) {
    auto change = validate(resource, mode, body);
    BOOST_REQUIRE_MESSAGE(change, "refused: " << body);
    return std::move(*change);
}

ErrorKind kind_of(const Resource& resource, ChangeMode mode, std::string_view body) {
    const auto change = validate(resource, mode, body);
    BOOST_REQUIRE(!change);
    return change.error().kind;
}

constexpr ChangeMode modes[] = {ChangeMode::create, ChangeMode::replace, ChangeMode::merge_patch};

}  // namespace

BOOST_AUTO_TEST_SUITE(change)

BOOST_AUTO_TEST_CASE(what_is_not_json_is_a_bad_request) {
    for (const Resource& resource : resources()) {
        for (const auto mode : modes) {
            for (const auto* body : {"", "{", R"({"a": 1, "a": 2})", "x"}) {
                BOOST_TEST((kind_of(resource, mode, body) == ErrorKind::bad_request));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_object_cannot_be_processed) {
    for (const Resource& resource : resources()) {
        for (const auto mode : modes) {
            for (const auto* body : {"null", "[]", "1", "true", R"("name")", "[{}]"}) {
                BOOST_TEST((refused_fields(resource, mode, body) == Pointers{""}));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(values_are_assigned_in_the_order_of_the_fields) {
    const auto change = valid(resource("employees"), ChangeMode::create,
                              R"({"employee_id": "E-1", "department": "D", "salary": 24.90,
                                  "name": "Al\u0069ce", "id": 7})");
    BOOST_TEST((change.mode == ChangeMode::create));
    BOOST_TEST(change.document.empty());
    BOOST_TEST(!change.is_empty);
    BOOST_REQUIRE(change.assignments.size() == 4U);
    const char* const expected[][2] = {
        {"name", "Alice"}, {"salary", "24.90"}, {"department", "D"}, {"employee_id", "E-1"}};
    for (std::size_t i = 0; i < 4; ++i) {
        BOOST_TEST(change.assignments[i].field == &resource("employees").fields[i]);
        BOOST_TEST(change.assignments[i].field->name == expected[i][0]);
        BOOST_REQUIRE(change.assignments[i].value);
        BOOST_TEST(*change.assignments[i].value == expected[i][1]);
    }
}

BOOST_AUTO_TEST_CASE(creation_needs_every_required_field_and_the_others_do_not) {
    const auto& employees = resource("employees");
    BOOST_TEST((refused_fields(employees, ChangeMode::create, "{}") ==
                Pointers{"/department", "/name", "/salary"}));
    const auto created = valid(employees, ChangeMode::create, alice);
    BOOST_TEST(!assigned(created, "employee_id").has_value());
    for (const auto mode : {ChangeMode::replace, ChangeMode::merge_patch}) {
        const auto change = valid(employees, mode, R"({"salary": 5})");
        BOOST_TEST((change.mode == mode));
        BOOST_TEST(change.assignments.size() == 1U);
        BOOST_TEST(assigned(change, "salary").value().value() == "5");
    }
}

BOOST_AUTO_TEST_CASE(null_clears_an_optional_field_and_no_other) {
    const auto& products = resource("products");
    for (const auto mode : {ChangeMode::replace, ChangeMode::merge_patch}) {
        const auto change = valid(products, mode, R"({"description": null})");
        BOOST_TEST(!change.is_empty);
        BOOST_REQUIRE(assigned(change, "description").has_value());
        BOOST_TEST(!assigned(change, "description")->has_value());
        BOOST_TEST((refused_fields(products, mode,
                                   R"({"name": null, "price": null, "stock_quantity": null})") ==
                    Pointers{"/name", "/price", "/stock_quantity"}));
    }
    BOOST_TEST((refused_fields(products, ChangeMode::create,
                               R"({"name": null, "price": 1, "stock_quantity": 1,
                                   "description": null})") == Pointers{"/name"}));
}

BOOST_AUTO_TEST_CASE(an_id_is_ignored_whatever_it_is) {
    for (const auto* id : {"1", "null", R"("x")", "{}", "[[]]", "-1e400", "true"}) {
        const std::string body = std::string(R"({"id": )") + id + "}";
        for (const Resource& resource : resources()) {
            for (const auto mode : {ChangeMode::replace, ChangeMode::merge_patch}) {
                const auto change = valid(resource, mode, body);
                BOOST_TEST(change.is_empty);
                BOOST_TEST(change.assignments.empty());
            }
        }
    }
    BOOST_TEST((refused_fields(resource("products"), ChangeMode::replace, R"({"ID": 1})") ==
                Pointers{"/ID"}));
}

BOOST_AUTO_TEST_CASE(nothing_but_an_id_is_empty) {
    for (const Resource& resource : resources()) {
        BOOST_TEST(valid(resource, ChangeMode::replace, "{}").is_empty);
    }
    BOOST_TEST(!valid(resource("items"), ChangeMode::replace, R"({"id": 1, "a": 1})").is_empty);
    BOOST_TEST(!valid(resource("employees"), ChangeMode::replace, R"({"name": "x"})").is_empty);
}

BOOST_AUTO_TEST_CASE(every_failure_is_reported_at_once) {
    BOOST_TEST(
        (refused_fields(resource("products"), ChangeMode::create,
                        R"({"name": "", "description": 1, "price": -1, "color": "red",
                                   "weight": 2})") ==
         Pointers{"/color", "/description", "/name", "/price", "/stock_quantity", "/weight"}));
}

BOOST_AUTO_TEST_CASE(a_failure_is_reported_once) {
    BOOST_TEST((refused_fields(resource("products"), ChangeMode::replace,
                               R"({"price": -1e999999, "stock_quantity": 1e999999,
                                   "unknown": 1e999999, "id": [1e999999]})") ==
                Pointers{"/price", "/stock_quantity", "/unknown"}));
}

BOOST_AUTO_TEST_CASE(a_pointer_is_escaped) {
    BOOST_TEST((refused_fields(resource("employees"), ChangeMode::replace,
                               R"({"a/b": 1, "m~n": 1, "~1": 1, "": 1, "\u0022": 1})") ==
                Pointers{"/", "/\"", "/a~1b", "/m~0n", "/~01"}));
}

BOOST_AUTO_TEST_CASE(a_document_is_kept_as_it_was_sent_but_for_its_id) {
    const std::string body = R"( {"n": 1.50e400, "id": 3, "deep": {"x": null}} )";
    const std::string kept = R"( {"n": 1.50e400, "id":null, "deep": {"x": null}} )";
    for (const auto mode : modes) {
        const auto change = valid(resource("items"), mode, body);
        BOOST_TEST((change.mode == mode));
        BOOST_TEST(change.document == kept);
        BOOST_TEST(change.assignments.empty());
        BOOST_TEST(change.claims().empty());
    }
}

BOOST_AUTO_TEST_CASE(a_body_claims_its_unique_values) {
    const auto& employees = resource("employees");
    const auto change = valid(employees, ChangeMode::replace, R"({"employee_id": "E1"})");
    BOOST_REQUIRE(change.claims().size() == 1U);
    BOOST_TEST(change.claims()[0].field->name == "employee_id");
    BOOST_TEST(change.claims()[0].value.value() == "E1");
    for (const auto* body : {"{}", R"({"employee_id": null})", R"({"name": "E1"})"}) {
        BOOST_TEST(valid(employees, ChangeMode::replace, body).claims().empty());
    }
    const Resource boats = invented_resource();
    BOOST_TEST(
        valid(boats, ChangeMode::merge_patch, R"({"sign": "S", "harbour": "H"})").claims().size() ==
        2U);
}

BOOST_AUTO_TEST_CASE(integers_are_assigned_without_point_and_exponent) {
    const Resource boats = invented_resource();
    for (const auto* number : {"10", "10.0", "1e1", "1.0E+1", "100e-1"}) {
        const auto change =
            valid(boats, ChangeMode::replace, std::string(R"({"berths": )") + number + "}");
        BOOST_TEST(assigned(change, "berths").value().value() == "10");
    }
    BOOST_TEST(assigned(valid(boats, ChangeMode::replace, R"({"berths": -2.0})"), "berths")
                   .value()
                   .value() == "-2");
    BOOST_TEST(
        (refused_fields(boats, ChangeMode::replace, R"({"berths": -3})") == Pointers{"/berths"}));
}

BOOST_AUTO_TEST_SUITE_END()
