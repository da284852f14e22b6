// contract.md, "Products".
#define BOOST_TEST_MODULE products
#include "fixture.hpp"

#include <algorithm>

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

std::string unknown_product() { return "/products/" + std::string(unknown_uuid); }

std::string upper(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_fresh_stack_has_sample_products) {
    const auto records = expect_json(api().get("/products"), 200);
    BOOST_TEST(records.is(Json::Kind::array));
    BOOST_TEST(is_uuid(records.element(0)["id"].string()));
}

BOOST_AUTO_TEST_CASE(post_answers_the_record_and_its_location) {
    const auto response = api().post("/products", R"({"name": "Wireless Mouse",
        "description": "Ergonomic wireless mouse", "price": 24.99, "stock_quantity": 150})");
    const auto record = expect_json(response, 201);
    BOOST_TEST(is_uuid(record["id"].string()));
    BOOST_TEST(record.without("id") == R"({"name": "Wireless Mouse",
        "description": "Ergonomic wireless mouse", "price": 24.99, "stock_quantity": 150})"_json);
    BOOST_TEST(response.header("Location").ends_with(path_of("/products", record)));
    BOOST_TEST(expect_json(api().get(path_of("/products", record)), 200) == record);
    const auto records = expect_json(api().get("/products"), 200);
    BOOST_TEST(with_id(records, record["id"]) == record);
}

BOOST_AUTO_TEST_CASE(description_is_optional) {
    const auto record = create("/products", product("A"));
    BOOST_TEST(record["description"].is(Json::Kind::null));
    const auto path = path_of("/products", record);
    BOOST_TEST(
        expect_json(api().put(path, R"({"description": ""})"), 200)["description"].string() == "");
    BOOST_TEST(expect_json(api().put(path, R"({"description": null})"), 200) == record);
}

BOOST_AUTO_TEST_CASE(all_fields_of_put_are_optional) {
    const auto record = create("/products", product("A"));
    const auto path = path_of("/products", record);
    const auto changed =
        expect_json(api().put(path, R"({"price": 19.99, "stock_quantity": 200})"), 200);
    BOOST_TEST(changed["price"].number() == "19.99");
    BOOST_TEST(changed["stock_quantity"].number() == "200");
    BOOST_TEST(changed["name"].string() == "A");
    BOOST_TEST(expect_json(api().put(path, "{}"), 200) == changed);
    BOOST_TEST(expect_json(api().get(path), 200) == changed);
}

BOOST_AUTO_TEST_CASE(delete_answers_204_without_a_body) {
    const auto path = path_of("/products", create("/products", product("A")));
    const auto response = api().del(path);
    BOOST_TEST(response.status == 204);
    BOOST_TEST(response.body == "");
    BOOST_TEST(!response.has("Content-Type"));
    expect_problem(api().get(path), 404);
    expect_problem(api().del(path), 404);
}

BOOST_AUTO_TEST_CASE(an_unknown_product_is_named_in_the_detail) {
    const auto detail = "Product with id '" + std::string(unknown_uuid) + "' not found";
    const auto path = unknown_product();
    for (const auto& response :
         {api().get(path), api().put(path, "{}"), api().patch(path, "{}"), api().del(path)}) {
        BOOST_TEST(expect_problem(response, 404)["detail"].string() == detail);
    }
}

BOOST_AUTO_TEST_CASE(a_uuid_may_be_in_either_case) {
    const auto record = create("/products", product("A"));
    const auto id = record["id"].string();
    BOOST_TEST(expect_json(api().get("/products/" + upper(id)), 200) == record);
    const auto changed = expect_json(api().put("/products/" + upper(id), R"({"price": 2})"), 200);
    BOOST_TEST(changed["id"].string() == id);
    BOOST_TEST(expect_json(api().get("/products/" + id), 200) == changed);
    BOOST_TEST(api().del("/products/" + upper(id)).status == 204);
    expect_problem(api().get("/products/" + id), 404);
}

BOOST_AUTO_TEST_CASE(lengths) {
    const auto with = [](const std::string& name, const std::string& description) {
        return R"({"price": 1, "stock_quantity": 1, "name": )" + json_string(name) +
               ", \"description\": " + json_string(description) + '}';
    };
    std::string name;
    std::string description;
    for (int i = 0; i < 255; ++i) name += "\xE6\xBC\xA2";
    for (int i = 0; i < 10000; ++i) description += "\xF0\x9F\x8D\x8E";
    const auto record = create("/products", with(name, description));
    BOOST_TEST((record["name"].string() == name));
    BOOST_TEST((record["description"].string() == description));
    expect_problem(api().post("/products", with(name + "a", description + "a")), 422,
                   {"/name", "/description"});
    expect_problem(api().post("/products", with("", "")), 422, {"/name"});
}

BOOST_AUTO_TEST_CASE(text_comes_back_as_it_was_sent) {
    const std::string text =
        "\" \\ / \b \f \n \r \t \x01 \x7f \xC2\x85 \xE2\x80\xA8 '; DROP -- %s \\u0041";
    const auto record = create("/products", product(text));
    BOOST_TEST(record["name"].string() == text);
    const auto path = path_of("/products", record);
    BOOST_TEST(expect_json(api().get(path), 200)["name"].string() == text);
    const auto escaped =
        expect_json(api().put(path, R"({"name": "\u0041\ud83c\udf4e\u00e9\/"})"), 200);
    BOOST_TEST(escaped["name"].string() == "A\xF0\x9F\x8D\x8E\xC3\xA9/");
}

BOOST_AUTO_TEST_CASE(range_of_price) {
    for (const auto* good : {"0", "0.00", "999999999999.99"}) {
        BOOST_TEST(create("/products", product("A", good))["price"].number() == good);
    }
    for (const auto* wrong : {"-0.01", "1000000000000", "\"24.99\"", "null", "[]"}) {
        BOOST_TEST_CONTEXT(wrong) {
            expect_problem(api().post("/products", product("A", wrong)), 422, {"/price"});
        }
    }
}

BOOST_AUTO_TEST_CASE(stock_quantity_is_an_integer_in_range) {
    const auto with = [](const std::string& quantity) {
        return R"({"name": "A", "price": 1, "stock_quantity": )" + quantity + '}';
    };
    for (const auto* good : {"0", "2147483647"}) {
        BOOST_TEST(create("/products", with(good))["stock_quantity"].number() == good);
    }
    for (const auto* wrong : {"-1", "2147483648", "99999999999999999999", "1.5", "\"1\"", "null"}) {
        BOOST_TEST_CONTEXT(wrong) {
            expect_problem(api().post("/products", with(wrong)), 422, {"/stock_quantity"});
        }
    }
    expect_problem(api().post("/products", R"({"name": "A", "price": 1})"), 422,
                   {"/stock_quantity"});
}
