// The four seed documents: every request that they show, with the body as it stands there, and what
// they say of its answer. A client that was written for any of them must work unchanged.
#define BOOST_TEST_MODULE seeds
#include "fixture.hpp"

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

const HeaderLines json = {"Content-Type: application/json"};

}  // namespace

// Seed 000, "Employees and caching".

BOOST_AUTO_TEST_CASE(employees_example_and_routes) {
    const auto created = expect_json(
        api().post("/employees",
                   R"({"name": "Alice", "salary": 70000, "department": "Engineering"})", json),
        201);
    for (const auto* name : {"id", "name", "salary", "department"}) {
        BOOST_TEST(created.contains(name));
    }
    BOOST_TEST(created["salary"].number() == "70000");
    const auto path = path_of("/employees", created);
    BOOST_TEST(with_id(expect_json(api().get("/employees"), 200), created["id"]) == created);
    BOOST_TEST(expect_json(api().get(path), 200) == created);
    const auto raised = expect_json(api().put(path, R"({"salary": 170000})", json), 200);
    BOOST_TEST(raised["name"].string() == "Alice");
    BOOST_TEST(with_id(expect_json(api().get("/employees/high-salary"), 200), created["id"]) ==
               raised);
    const auto top = expect_json(api().get("/employees/top2-by-department"), 200);
    BOOST_TEST(top.is(Json::Kind::array));
    for (const auto& record : top.elements()) {
        for (const auto* name : {"id", "name", "salary", "department"}) {
            BOOST_TEST(record.contains(name));
        }
    }
    BOOST_TEST(expect_json(api().del(path), 200) == R"({"message": "Deleted successfully"})"_json);
    BOOST_TEST(api().get(path).status == 404);
}

// Seed 001, first half: "Flask Sample Application".

BOOST_AUTO_TEST_CASE(greetings_examples) {
    const auto root = api().get("/");
    BOOST_TEST(root.status == 200);
    BOOST_TEST(root.body.starts_with("Welcome to the Flask App!"));
    BOOST_TEST(expect_json(api().get("/health"), 200)["status"].string() == "healthy");
    BOOST_TEST(expect_json(api().get("/user/Alice"), 200) == R"({
  "message": "Hello, Alice!"
})"_json);
    BOOST_TEST(expect_json(api().get("/user?name=Bob"), 200) == R"({
  "message": "Hello, Bob!"
})"_json);
    BOOST_TEST(expect_json(api().get("/user"), 200) == R"({
  "message": "Hello, Guest!"
})"_json);
}

// Seed 001, second half: "Flask In-Memory Cache CRUD".

BOOST_AUTO_TEST_CASE(items_examples) {
    const auto item = expect_json(api().post("/items", R"({"name":"Alice","age":30})", json), 201);
    BOOST_TEST(item.without("id") == R"({"name":"Alice","age":30})"_json);
    const auto path = path_of("/items", item);

    const auto first = expect_json(api().get("/items"), 200);
    BOOST_TEST(first["cached"].text() == "false");
    BOOST_TEST(with_id(first["items"], item["id"]) == item);
    BOOST_TEST(expect_json(api().get("/items"), 200)["cached"].text() == "true");

    // "Example priming of item-level cache after create/update."
    const auto single = expect_json(api().get(path), 200);
    BOOST_TEST(single["cached"].text() == "true");
    BOOST_TEST(single["item"] == item);

    const auto updated = expect_json(api().put(path, R"({"age":31})", json), 200);
    BOOST_TEST(updated.without("id") == R"({"name":"Alice","age":31})"_json);
    const auto again = expect_json(api().get(path), 200);
    BOOST_TEST(again["cached"].text() == "true");
    BOOST_TEST(again["item"] == updated);
    BOOST_TEST(expect_json(api().get("/items"), 200)["cached"].text() == "false");

    BOOST_TEST(expect_json(api().del(path), 200)["ok"].text() == "true");
    BOOST_TEST(api().get(path).status == 404);
    BOOST_TEST(api().del(path).status == 404);
}

BOOST_AUTO_TEST_CASE(cache_clear_example) {
    // curl -X POST http://127.0.0.1:5000/cache/clear
    BOOST_TEST(expect_json(api().request("POST", "/cache/clear"), 200) == R"({ "ok": true })"_json);
}

// Seed 002, "High-Performance Product API".

BOOST_AUTO_TEST_CASE(products_health_example) {
    const auto health = expect_json(api().get("/health"), 200);
    const auto expected = R"({
  "status": "healthy",
  "api": "operational",
  "redis": "connected",
  "cache_fallback": "enabled"
})"_json;
    for (const auto& name : expected.names()) BOOST_TEST(health[name] == expected[name]);
}

BOOST_AUTO_TEST_CASE(products_examples) {
    const auto with_example_body = expect_json(api().post("/products", R"({
  "name": "Wireless Mouse",
  "description": "Ergonomic wireless mouse with adjustable DPI",
  "price": 24.99,
  "stock_quantity": 150
})",
                                                          json),
                                               201);
    BOOST_TEST(with_example_body.without("id") == R"({
  "name": "Wireless Mouse",
  "description": "Ergonomic wireless mouse with adjustable DPI",
  "price": 24.99,
  "stock_quantity": 150
})"_json);
    const auto product = expect_json(api().post("/products", R"({
    "name": "Wireless Mouse",
    "description": "Ergonomic wireless mouse",
    "price": 24.99,
    "stock_quantity": 150
  })",
                                                json),
                                     201);
    BOOST_TEST(is_uuid(product["id"].string()));
    const auto path = path_of("/products", product);

    // "First request: Cache MISS, subsequent requests: Cache HIT"
    const auto first = api().get(path);
    BOOST_TEST(first.header("X-Cache") == "MISS");
    BOOST_TEST(expect_json(first, 200) == product);
    const auto second = api().get(path);
    BOOST_TEST(second.header("X-Cache") == "HIT");
    BOOST_TEST(expect_json(second, 200) == product);

    // "Invalidates cache entry, next GET request will refresh cache with updated data"
    const auto updated = expect_json(api().put(path, R"({
    "price": 19.99,
    "stock_quantity": 200
  })",
                                               json),
                                     200);
    BOOST_TEST(updated["price"].number() == "19.99");
    BOOST_TEST(updated["stock_quantity"].number() == "200");
    BOOST_TEST(updated["description"] == product["description"]);
    const auto refreshed = api().get(path);
    BOOST_TEST(refreshed.header("X-Cache") == "MISS");
    BOOST_TEST(expect_json(refreshed, 200) == updated);
    BOOST_TEST(api().get(path).header("X-Cache") == "HIT");

    const auto deleted = api().del(path);
    BOOST_TEST(deleted.status == 204);
    BOOST_TEST(deleted.body == "");
    BOOST_TEST(expect_problem(api().get(path), 404)["detail"].string() ==
               "Product with id '" + product["id"].string() + "' not found");
}

BOOST_AUTO_TEST_CASE(products_seeding) {
    // "Automatic database seeding with sample data"
    BOOST_TEST(expect_json(api().get("/products"), 200).size() > 0U);
    BOOST_TEST(api().get("/products/550e8400-e29b-41d4-a716-446655440000").status == 404);
}

// Seed 003, "Employee Information Management System": if the employee ID exists, an error is
// returned; if it does not, the record is stored and the key-value store is updated.

BOOST_AUTO_TEST_CASE(duplicate_employee_ids) {
    const auto body = R"({"name": "Alice", "salary": 70000, "department": "Engineering",
                          "employee_id": "EMP-0001-x"})";
    BOOST_TEST(expect_json(api().post("/employees", body, json), 201)["employee_id"].string() ==
               "EMP-0001-x");
    const auto refused = expect_problem(api().post("/employees", body, json), 409);
    BOOST_TEST(refused["detail"].string().contains("EMP-0001-x"));
}
