// contract.md, "Everywhere": PATCH takes application/merge-patch+json (RFC 7396).
#define BOOST_TEST_MODULE merge_patch
#include "fixture.hpp"

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

struct Example {
    const char* original;
    const char* patch;
    const char* result;
};

std::string in_member(const char* value) { return R"({"v": )" + std::string(value) + '}'; }

/// Patches a fresh item and compares what PATCH and GET say.
void check(const std::string& original, const std::string& patch, const std::string& result) {
    BOOST_TEST_CONTEXT(original << " patched with " << patch) {
        const auto path = path_of("/items", create("/items", original));
        const auto patched = expect_json(api().patch(path, patch), 200);
        BOOST_TEST(patched.without("id") == Json::parse(result));
        BOOST_TEST(expect_json(api().get(path), 200)["item"] == patched);
    }
}

}  // namespace

// RFC 7396, appendix A, all of it. Where the original and the result are objects the example is
// applied as it stands; every example with a value other than null is applied one level down too,
// where anything may be patched with anything.
BOOST_AUTO_TEST_CASE(the_examples_of_rfc_7396) {
    const Example objects[] = {
        {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
        {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
        {R"({"a":"b"})", R"({"a":null})", R"({})"},
        {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
        {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
        {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
        {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
        {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
        {R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
        {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
    };
    const Example values[] = {
        {R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
        {R"({"a":"b"})", R"(["c"])", R"(["c"])"},
        {R"({"a":"foo"})", R"("bar")", R"("bar")"},
        {R"([1,2])", R"({"a":"b","c":null})", R"({"a":"b"})"},
    };
    for (const auto& [original, patch, result] : objects) {
        check(original, patch, result);
        check(in_member(original), in_member(patch), in_member(result));
    }
    for (const auto& [original, patch, result] : values) {
        check(in_member(original), in_member(patch), in_member(result));
    }
    check(in_member(R"({"a":"foo"})"), in_member("null"), "{}");
}

BOOST_AUTO_TEST_CASE(objects_merge_deeply_and_numbers_stay) {
    check(R"({"a":{"b":{"c":1.50,"d":[null]},"e":2}})",
          R"({"a":{"b":{"c":null,"f":24.90,"g":[null,{"h":null}]}}})",
          R"({"a":{"b":{"d":[null],"f":24.90,"g":[null,{"h":null}]},"e":2}})");
    check(R"({"":1,"a/b":2,"é":{"x":1}})", R"({"":null,"a/b":3,"é":{"y":2}})",
          R"({"a/b":3,"é":{"x":1,"y":2}})");
}

BOOST_AUTO_TEST_CASE(put_differs_from_patch) {
    const auto item = create("/items", R"({"a": {"x": 1}, "b": 1})");
    const auto path = path_of("/items", item);
    const auto patch = R"({"a": {"y": 2}, "b": null})";
    BOOST_TEST(expect_json(api().put(path, patch), 200).without("id") == Json::parse(patch));
    BOOST_TEST(expect_json(api().patch(path, patch), 200).without("id") ==
               R"({"a": {"y": 2}})"_json);
}

BOOST_AUTO_TEST_CASE(columns_are_changed_cleared_and_kept) {
    const auto employee_id = unique_text("E");
    const auto employee_record = create("/employees", employee_with_id(employee_id));
    const auto employee_path = path_of("/employees", employee_record);
    const auto patched = expect_json(api().patch(employee_path, R"({"salary": 2.50})"), 200);
    BOOST_TEST(patched["salary"].number() == "2.50");
    BOOST_TEST(patched["employee_id"].string() == employee_id);
    BOOST_TEST(
        expect_json(api().patch(employee_path, R"({"employee_id": null})"), 200)["employee_id"].is(
            Json::Kind::null));

    const auto record = create("/products", R"({"name": "A", "description": "B", "price": 1,
        "stock_quantity": 1})");
    const auto path = path_of("/products", record);
    BOOST_TEST(expect_json(api().patch(path, "{}"), 200) == record);
    const auto cleared = expect_json(api().patch(path, R"({"description": null})"), 200);
    BOOST_TEST(cleared["description"].is(Json::Kind::null));
    BOOST_TEST(cleared.without("description") == record.without("description"));
    BOOST_TEST(expect_json(api().get(path), 200) == cleared);
}

BOOST_AUTO_TEST_CASE(null_of_a_required_field_is_refused) {
    const auto employee_path = path_of("/employees", create("/employees", employee("A")));
    expect_problem(
        api().patch(employee_path, R"({"name": null, "salary": null, "department": null})"), 422,
        {"/name", "/salary", "/department"});
    const auto path = path_of("/products", create("/products", product("A")));
    expect_problem(api().patch(path, R"({"name": null, "price": null, "stock_quantity": null})"),
                   422, {"/name", "/price", "/stock_quantity"});
    expect_problem(api().patch(path, R"({"color": null})"), 422, {"/color"});
}

BOOST_AUTO_TEST_CASE(a_patch_that_is_no_object_would_replace_the_record) {
    for (const auto& path : {path_of("/employees", create("/employees", employee("A"))),
                             path_of("/products", create("/products", product("A"))),
                             path_of("/items", create("/items", R"({"a": 1})"))}) {
        const auto before = api().get(path).body;
        for (const auto* patch : {"[]", "null", "1", "\"a\"", "true"}) {
            expect_problem(api().patch(path, patch), 422, {""});
        }
        BOOST_TEST(Json::parse(api().get(path).body).without("cached") ==
                   Json::parse(before).without("cached"));
    }
}

BOOST_AUTO_TEST_CASE(other_content_types_are_refused_with_accept_patch) {
    for (const auto& path : {path_of("/employees", create("/employees", employee("A"))),
                             path_of("/products", create("/products", product("A"))),
                             path_of("/items", create("/items", "{}"))}) {
        for (const auto* type : {"Content-Type: application/json", "Content-Type: text/plain",
                                 "Content-Type: application/json-patch+json"}) {
            const auto refused = api().patch(path, "{}", {type});
            expect_problem(refused, 415);
            BOOST_TEST(refused.header("Accept-Patch") == "application/merge-patch+json");
        }
    }
}
