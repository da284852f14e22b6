#include "steps.hpp"

namespace larder::test {
namespace {

using Requests = std::vector<Request>;

void clear() { BOOST_TEST(api().post("/cache/clear", "").status == 200); }

std::string employee_json(std::string_view name, std::string_view salary,
                          std::string_view employee_id = "null") {
    return R"({"name": ")" + std::string(name) + R"(", "salary": )" + std::string(salary) +
           R"(, "department": "Research", "employee_id": )" + std::string(employee_id) + '}';
}

std::string in_quotes(std::string_view text) { return '"' + std::string(text) + '"'; }

std::string product_json(std::string_view price) {
    return R"({"name": "Lamp", "description": null, "price": )" + std::string(price) +
           R"(, "stock_quantity": 7})";
}

/// Creates a record, and gives its path.
std::string made(const std::string& collection, const std::string& body) {
    return path_of(collection, create(collection, body));
}

Request post(const std::string& collection, const std::string& body) {
    return {.method = "POST",
            .path = collection,
            .body = body,
            .status = 201,
            .result = Json::parse(body)};
}

Request change(std::string method, std::string path, std::string body, const std::string& result,
               HeaderLines headers = {}) {
    return {.method = std::move(method),
            .path = std::move(path),
            .body = std::move(body),
            .headers = std::move(headers),
            .result = Json::parse(result)};
}

Request removal(std::string path, int status = 200, HeaderLines headers = {}) {
    return {.method = "DELETE",
            .path = std::move(path),
            .headers = std::move(headers),
            .status = status,
            .result = Json()};
}

Request refused(std::string method, std::string path, std::string body, int status,
                HeaderLines headers = {}) {
    return {.method = std::move(method),
            .path = std::move(path),
            .body = std::move(body),
            .headers = std::move(headers),
            .status = status};
}

Request get(std::string path, int status = 200, HeaderLines headers = {}) {
    return {
        .method = "GET", .path = std::move(path), .headers = std::move(headers), .status = status};
}

std::string tag_of(const std::string& path) { return api().get(path).header("ETag"); }

void add_reads(std::vector<Step>& steps) {
    steps.push_back({"read a cached employee",
                     [] { return Requests{get(made("/employees", employee_json("A", "1.50")))}; }});
    steps.push_back({"read a cold employee", [] {
                         const auto path = made("/employees", employee_json("A", "1.50"));
                         clear();
                         return Requests{get(path)};
                     }});
    steps.push_back({"read a cold product",
                     [] { return Requests{get(made("/products", product_json("24.90")))}; }});
    steps.push_back({"read an item",
                     [] { return Requests{get(made("/items", R"({"kind": "box", "n": 1})"))}; }});
    steps.push_back({"read a row that a failed transaction has touched", [] {
                         const auto path = made("/products", product_json("1"));
                         auto database = stack().database();
                         database.query("BEGIN");
                         database.query("SELECT FROM products FOR UPDATE");
                         database.query("ROLLBACK");
                         return Requests{get(path)};
                     }});
    steps.push_back(
        {"read what is not there", [] { return Requests{get("/employees/999999999", 404)}; }});
    steps.push_back({"revalidate a product", [] {
                         const auto path = made("/products", product_json("3"));
                         const auto tag = tag_of(path);
                         clear();
                         return Requests{get(path, 304, {"If-None-Match: " + tag})};
                     }});
    steps.push_back({"read several cold products at once", [] {
                         Requests requests;
                         for (int i = 0; i < 5; ++i) {
                             requests.push_back(get(made("/products", product_json("5"))));
                         }
                         return requests;
                     }});
}

void add_lists(std::vector<Step>& steps) {
    const auto some = [] {
        made("/employees", employee_json("A", "100001"));
        made("/employees", employee_json("B", "5"));
        made("/items", R"({"kind": "box"})");
    };
    for (const std::string path : {"/employees", "/employees/high-salary",
                                   "/employees/top2-by-department", "/products", "/items"}) {
        steps.push_back({"list " + path, [some, path] {
                             some();
                             return Requests{get(path)};
                         }});
    }
    steps.push_back({"list what is cached", [some] {
                         some();
                         BOOST_TEST(api().get("/employees").status == 200);
                         return Requests{get("/employees")};
                     }});
    steps.back().is_nginx_alone = true;
    for (const std::string path : {"/employees", "/employees/high-salary", "/items"}) {
        steps.push_back({"export " + path, [some, path] {
                             some();
                             return Requests{get(path, 200, {"Accept: application/x-ndjson"})};
                         }});
    }
    steps.push_back({"list a part", [some] {
                         some();
                         auto request = get("/employees?limit=1");
                         request.limit = 1;
                         return Requests{request};
                     }});
}

void add_writes(std::vector<Step>& steps) {
    steps.push_back({"create an employee",
                     [] { return Requests{post("/employees", employee_json("A", "7.10"))}; }});
    steps.push_back(
        {"create a product", [] { return Requests{post("/products", product_json("24.90"))}; }});
    steps.push_back({"create an item", [] {
                         return Requests{post("/items", R"({"kind": "box", "deep": {"n": [1]}})")};
                     }});
    steps.push_back({"put a product", [] {
                         const auto path = made("/products", product_json("1"));
                         BOOST_TEST(api().get(path).status == 200);
                         return Requests{
                             change("PUT", path, R"({"price": 2.00})", product_json("2.00"))};
                     }});
    steps.push_back({"put an employee that is cached", [] {
                         const auto path = made("/employees", employee_json("A", "1"));
                         return Requests{
                             change("PUT", path, R"({"salary": 2.0})", employee_json("A", "2.0"))};
                     }});
    steps.push_back({"put nothing", [] {
                         const auto path = made("/products", product_json("1"));
                         return Requests{change("PUT", path, "{}", product_json("1"))};
                     }});
    steps.push_back({"patch an item", [] {
                         const auto path = made("/items", R"({"a": {"b": 1, "c": 2}, "d": 3})");
                         return Requests{change("PATCH", path, R"({"a": {"b": null}, "d": 4})",
                                                R"({"a": {"c": 2}, "d": 4})")};
                     }});
    steps.push_back({"delete a product", [] {
                         const auto path = made("/products", product_json("1"));
                         BOOST_TEST(api().get(path).status == 200);
                         return Requests{removal(path, 204)};
                     }});
    steps.push_back(
        {"delete an item", [] { return Requests{removal(made("/items", R"({"n": 1})"))}; }});
    steps.push_back({"change and delete what is not there", [] {
                         const std::string path = "/items/" + std::string(unknown_uuid);
                         return Requests{refused("PUT", path, R"({"n": 1})", 404),
                                         refused("DELETE", path, {}, 404)};
                     }});
    steps.push_back({"write several at once", [] {
                         Requests requests;
                         for (const std::string price : {"1.1", "1.2", "1.3"}) {
                             const auto path = made("/products", product_json("1"));
                             requests.push_back(change("PUT", path, R"({"price": )" + price + '}',
                                                       product_json(price)));
                         }
                         requests.push_back(post("/products", product_json("8.1")));
                         requests.push_back(post("/products", product_json("8.2")));
                         requests.push_back(removal(made("/products", product_json("9")), 204));
                         return requests;
                     }});
}

/// A step whose first employee has the value that `prepare` gets.
Step claiming(std::string name,
              const std::function<Requests(const std::string& taken, const std::string& free,
                                           const std::string& path)>& requests) {
    Step step{.name = std::move(name), .prepare = {}};
    step.prepare = [requests, claims = step.claims] {
        const auto taken = unique_text("taken");
        const auto free = unique_text("free");
        *claims = {taken, free};
        const auto path = made("/employees", employee_json("A", "1", in_quotes(taken)));
        return requests(taken, free, path);
    };
    return step;
}

void add_claims(std::vector<Step>& steps) {
    steps.push_back(claiming("claim a value", [](auto&, auto& free, auto&) {
        return Requests{post("/employees", employee_json("B", "2", in_quotes(free)))};
    }));
    steps.push_back(claiming("claim a value that the cache knows", [](auto& taken, auto&, auto&) {
        return Requests{
            refused("POST", "/employees", employee_json("B", "2", in_quotes(taken)), 409)};
    }));
    steps.push_back(claiming("claim a value that PostgreSQL knows", [](auto& taken, auto&, auto&) {
        clear();
        return Requests{
            refused("POST", "/employees", employee_json("B", "2", in_quotes(taken)), 409)};
    }));
    steps.push_back(claiming("move a claim", [](auto&, auto& free, auto& path) {
        return Requests{change("PUT", path, R"({"employee_id": )" + in_quotes(free) + '}',
                               employee_json("A", "1", in_quotes(free)))};
    }));
    steps.push_back(claiming("give a claim up", [](auto&, auto&, auto& path) {
        return Requests{change("PATCH", path, R"({"employee_id": null})", employee_json("A", "1"))};
    }));
    steps.push_back(claiming("put a claim that is taken", [](auto& taken, auto&, auto&) {
        const auto path = made("/employees", employee_json("B", "2"));
        clear();
        return Requests{refused("PUT", path, R"({"employee_id": )" + in_quotes(taken) + '}', 409)};
    }));
    steps.push_back(claiming("delete a claim",
                             [](auto&, auto&, auto& path) { return Requests{removal(path)}; }));
}

HeaderLines new_key() { return {"Idempotency-Key: " + unique_text("key")}; }

Request with_key(Request request) {
    request.headers.push_back(new_key().front());
    return request;
}

/// A request that was done before.
Requests again(Request request) {
    const auto first = api().request(request.method, request.path, request.body, request.headers);
    BOOST_TEST(first.status == request.status);
    request.result.reset();
    request.is_replay = true;
    return {request};
}

void add_keys(std::vector<Step>& steps) {
    steps.push_back({"create a product with a key",
                     [] { return Requests{with_key(post("/products", product_json("24.90")))}; }});
    steps.push_back(claiming("claim a value with a key", [](auto&, auto& free, auto&) {
        return Requests{with_key(post("/employees", employee_json("B", "2", in_quotes(free))))};
    }));
    steps.push_back({"put nothing with a key", [] {
                         const auto path = made("/products", product_json("1"));
                         return Requests{with_key(change("PUT", path, "{}", product_json("1")))};
                     }});
    steps.push_back({"delete an item with a key",
                     [] { return Requests{with_key(removal(made("/items", R"({"n": 1})")))}; }});
    steps.push_back({"write several with keys at once", [] {
                         Requests requests = {with_key(post("/products", product_json("8.1"))),
                                              post("/products", product_json("8.2"))};
                         const auto path = made("/products", product_json("1"));
                         requests.push_back(
                             with_key(change("PUT", path, R"({"price": 4})", product_json("4"))));
                         return requests;
                     }});
    steps.push_back({"create a product again",
                     [] { return again(with_key(post("/products", product_json("24.90")))); }});
    steps.push_back({"delete an item again", [] {
                         const auto path = made("/items", R"({"n": 1})");
                         const auto tag = tag_of(path);
                         return again(with_key(removal(path, 200, {"If-Match: " + tag})));
                     }});
    steps.push_back({"clear the caches with a key", [] {
                         return Requests{with_key({.method = "POST", .path = "/cache/clear"})};
                     }});
}

void add_preconditions(std::vector<Step>& steps) {
    for (const bool is_cold : {false, true}) {
        const std::string when = is_cold ? "cold" : "cached";
        steps.push_back({"put what has not moved on, " + when, [is_cold] {
                             const auto path = made("/employees", employee_json("A", "1"));
                             const auto tag = tag_of(path);
                             if (is_cold) clear();
                             return Requests{change("PUT", path, R"({"salary": 3})",
                                                    employee_json("A", "3"), {"If-Match: " + tag})};
                         }});
    }
    steps.push_back({"put what has moved on", [] {
                         const auto path = made("/employees", employee_json("A", "1"));
                         const auto tag = tag_of(path);
                         BOOST_TEST(api().put(path, R"({"salary": 2})").status == 200);
                         return Requests{
                             refused("PUT", path, R"({"salary": 3})", 412, {"If-Match: " + tag})};
                     }});
    steps.push_back({"put only what is new", [] {
                         const auto path = made("/items", R"({"n": 1})");
                         return Requests{
                             refused("PUT", path, R"({"n": 2})", 412, {"If-None-Match: *"})};
                     }});
    steps.push_back({"delete what has not moved on", [] {
                         const auto path = made("/items", R"({"n": 1})");
                         const auto tag = tag_of(path);
                         return Requests{removal(path, 200, {"If-Match: " + tag})};
                     }});
}

/// The same, where the workers find their sessions with PostgreSQL ended.
Step without_sessions(const Step& step) {
    return {step.name + ", sessions ended",
            [prepare = step.prepare] {
                auto requests = prepare();
                stack().database().query(
                    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                    " WHERE application_name = 'larder-worker'");
                return requests;
            },
            step.claims};
}

/// Each is a new session of an import's own thread.
void add_imports(std::vector<Step>& steps) {
    static const HeaderLines lines = {"Content-Type: application/x-ndjson"};
    steps.push_back({"import a product", [] {
                         auto request = post("/products", product_json("4.50"));
                         request.headers = lines;
                         request.status = 200;
                         request.is_import = true;
                         return Requests{request};
                     }});
    steps.push_back({"import the change of a cached product", [] {
                         const Json product = create("/products", product_json("1"));
                         const auto path = path_of("/products", product);
                         BOOST_TEST(api().get(path).status == 200);
                         auto request =
                             change("POST", path,
                                    R"({"id": ")" + product["id"].text() + R"(", "price": 9.90})",
                                    product_json("9.90"), lines);
                         request.target = "/products?on_conflict=update";
                         request.is_import = true;
                         return Requests{request};
                     }});
}

}  // namespace

std::vector<Step> all_steps() {
    std::vector<Step> steps;
    add_reads(steps);
    add_lists(steps);
    add_writes(steps);
    add_claims(steps);
    add_preconditions(steps);
    add_keys(steps);
    add_imports(steps);
    std::vector<Step> again;
    for (const auto& step : steps) {
        for (const std::string name : {"read a cold product", "list /employees", "put a product",
                                       "claim a value", "put what has not moved on, cached"}) {
            if (step.name == name) again.push_back(without_sessions(step));
        }
    }
    steps.insert(steps.end(), again.begin(), again.end());
    steps.push_back({"clear the caches", [] {
                         made("/employees", employee_json("A", "1"));
                         return Requests{{.method = "POST", .path = "/cache/clear"}};
                     }});
    steps.push_back(without_sessions(steps.back()));
    steps.push_back({"read with a new connection to Redis",
                     [] { return Requests{get(made("/employees", employee_json("A", "1.50")))}; }});
    steps.back().reconnects = true;
    steps.push_back({"health", [] { return Requests{get("/health")}; }});
    return steps;
}

}  // namespace larder::test
