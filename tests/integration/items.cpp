// contract.md, "Items".
#define BOOST_TEST_MODULE items
#include "fixture.hpp"

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

Json item_at(const std::string& path) { return expect_json(api().get(path), 200)["item"]; }

}  // namespace

BOOST_AUTO_TEST_CASE(post_adds_an_id) {
    const auto response = api().post("/items", R"({"name": "Alice", "age": 30})");
    const auto item = expect_json(response, 201);
    BOOST_TEST(is_uuid(item["id"].string()));
    BOOST_TEST(item.without("id") == R"({"name": "Alice", "age": 30})"_json);
    BOOST_TEST(response.header("Location").ends_with(path_of("/items", item)));
    BOOST_TEST(item_at(path_of("/items", item)) == item);
}

BOOST_AUTO_TEST_CASE(any_object_is_an_item) {
    for (const auto* body :
         {"{}", R"({"": ""})", R"({"a": {"b": [1, null, true, {"c": []}]}, "d": {}})",
          R"({"\u00e9\ud83c\udf4e": "\u0001\u007f\\u0000", "cached": true, "item": 1})"}) {
        const auto item = create("/items", body);
        BOOST_TEST(item.without("id") == Json::parse(body));
        BOOST_TEST(item_at(path_of("/items", item)) == item);
    }
    for (const auto* body : {"[]", "\"a\"", "1", "null", "true"}) {
        BOOST_TEST_CONTEXT(body) { expect_problem(api().post("/items", body), 422, {""}); }
    }
}

BOOST_AUTO_TEST_CASE(an_id_that_the_client_sends_is_ignored) {
    const auto own = std::string(unknown_uuid);
    const auto item = create("/items", R"({"a": 1, "id": ")" + own + "\"}");
    BOOST_TEST(is_uuid(item["id"].string()));
    BOOST_TEST(item["id"].string() != own);
    BOOST_TEST(item.size() == 2U);
    const auto path = path_of("/items", item);
    BOOST_TEST(expect_json(api().put(path, R"({"id": 7})"), 200) == item);
    BOOST_TEST(expect_json(api().patch(path, R"({"id": null})"), 200) == item);
    BOOST_TEST(expect_json(api().put(path, api().get(path).body), 200)["id"] == item["id"]);
}

BOOST_AUTO_TEST_CASE(an_id_deeper_down_is_data) {
    const auto item = create("/items", R"({"owner": {"id": 7}, "tags": [{"id": 8}]})");
    BOOST_TEST(item.without("id") == R"({"owner": {"id": 7}, "tags": [{"id": 8}]})"_json);
}

BOOST_AUTO_TEST_CASE(put_merges_at_the_top_level_and_stores_null) {
    const auto item = create("/items", R"({"name": "Alice", "age": 30, "at": {"x": 1, "y": 2}})");
    const auto path = path_of("/items", item);
    const auto merged =
        expect_json(api().put(path, R"({"age": null, "at": {"x": 3}, "new": []})"), 200);
    BOOST_TEST(merged.without("id") ==
               R"({"name": "Alice", "age": null, "at": {"x": 3}, "new": []})"_json);
    BOOST_TEST(merged["id"] == item["id"]);
    BOOST_TEST(expect_json(api().put(path, "{}"), 200) == merged);
    BOOST_TEST(item_at(path) == merged);
    expect_problem(api().put(path, "[]"), 422, {""});
}

BOOST_AUTO_TEST_CASE(delete_answers_ok) {
    const auto path = path_of("/items", create("/items", "{}"));
    BOOST_TEST(expect_json(api().del(path), 200) == R"({"ok": true})"_json);
    expect_problem(api().get(path), 404);
    expect_problem(api().del(path), 404);
    expect_problem(api().put(path, "{}"), 404);
}

BOOST_AUTO_TEST_CASE(list_wraps_the_items) {
    const auto item = create("/items", R"({"in": "list"})");
    const auto list = expect_json(api().get("/items"), 200);
    BOOST_TEST(list["cached"].is(Json::Kind::boolean));
    BOOST_TEST(list.size() == 2U);
    BOOST_TEST(with_id(list["items"], item["id"]) == item);
}

BOOST_AUTO_TEST_CASE(the_flag_is_set_in_the_wrapper_only) {
    // The words of the wrapper inside of items, before and after the list's own flag.
    const auto item =
        create("/items", R"({"cached": true, "text": "{\"cached\":true,\"items\":["})");
    for (int i = 0; i < 3; ++i) {
        const auto list = expect_json(api().get("/items"), 200);
        BOOST_TEST(with_id(list["items"], item["id"]) == item);
    }
    const auto other = create("/items", R"({"cached": false})");
    for (const auto* flag : {"false", "true"}) {
        const auto list = expect_json(api().get("/items"), 200);
        BOOST_TEST(list["cached"].text() == flag);
        BOOST_TEST(with_id(list["items"], item["id"]) == item);
        BOOST_TEST(with_id(list["items"], other["id"]) == other);
    }
}

BOOST_AUTO_TEST_CASE(an_empty_list) {
    const auto list = expect_json(api().get("/items"), 200);
    for (const auto& item : list["items"].elements()) {
        BOOST_TEST(api().del(path_of("/items", item)).status == 200);
    }
    for (const auto* flag : {"false", "true"}) {
        const auto empty = expect_json(api().get("/items"), 200);
        BOOST_TEST(empty["cached"].text() == flag);
        BOOST_TEST(empty["items"] == "[]"_json);
    }
}

BOOST_AUTO_TEST_CASE(a_large_item_comes_back_whole) {
    std::string body = R"({"texts": [)";
    for (int i = 0; i < 1000; ++i) {
        body += (i == 0 ? "" : ",") + json_string(std::string(1000, 'x') + std::to_string(i));
    }
    body += "]}";
    const auto item = create("/items", body);
    BOOST_TEST((item.without("id") == Json::parse(body)));
    BOOST_TEST((item_at(path_of("/items", item)) == item));
    const auto list = expect_json(api().get("/items"), 200);
    BOOST_TEST((with_id(list["items"], item["id"]) == item));
    const auto path = path_of("/items", item);
    BOOST_TEST((expect_json(api().put(path, body), 200) == item));
}
