// contract.md, "Writing safely": POST of an array creates all of its records or none.
#define BOOST_TEST_MODULE arrays
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include "open_transaction.hpp"
#include "scrape.hpp"
#include "support/temporary_directory.hpp"

using namespace larder::test;

namespace {

/// Employees have as unique what customers have, and invoices refer to them.
class Descriptions {
public:
    Descriptions() : path_(temporary_directory("larder-arrays")) {
        for (const auto& entry :
             std::filesystem::directory_iterator(source_directory() / "resources")) {
            std::filesystem::copy(entry.path(), path_ / entry.path().filename());
        }
        std::ofstream(path_ / "customers.toml") << R"(title = "Customer"
id = "integer"
primed = true
[fields]
email = { type = "text", min = 3, max = 254, unique = true, filter = true }
code = { type = "integer", unique = true, optional = true }
country = { type = "enum", values = ["DE", "FR", "NO"], default = "DE", filter = true }
[lists.french]
where = "country = 'FR'"
)";
        std::ofstream(path_ / "invoices.toml") << R"(title = "Invoice"
id = "uuid"
[fields]
customer = { type = "reference", to = "customers", filter = true }
payer = { type = "reference", to = "customers", optional = true }
total = { type = "decimal", min = "0", scale = 2 }
)";
    }
    ~Descriptions() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Descriptions(const Descriptions&) = delete;
    Descriptions& operator=(const Descriptions&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

struct DescribedStack : Descriptions, SharedStack {
    DescribedStack() : SharedStack(Environment{{"RESOURCES_DIR", path()}}) {}
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(DescribedStack);

namespace {

std::string array_of(std::size_t count, const std::function<std::string(std::size_t)>& element) {
    std::string body = "[";
    for (std::size_t i = 0; i < count; ++i) body += (i == 0 ? "" : ",") + element(i);
    return body + "]";
}

std::string customer(const std::string& email, const std::string& more = {}) {
    return R"({"email": ")" + email + '"' + more + "}";
}

std::string count_of(const std::string& table) {
    return stack().database().value("SELECT count(*) FROM " + table);
}

/// What each refused field is told, as `pointer: detail`, in the order of the answer.
std::vector<std::string> told(const Json& problem) {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < problem["errors"].size(); ++i) {
        const Json& error = problem["errors"].element(i);
        lines.push_back(error["pointer"].text() + ": " + error["detail"].text());
    }
    return lines;
}

}  // namespace

BOOST_AUTO_TEST_CASE(all_are_created_in_the_order_sent) {
    for (const std::string collection : {"/products", "/items", "/employees"}) {
        const auto body = [&](std::size_t i) {
            const auto number = std::to_string(i);
            if (collection == "/items") return R"({"n": )" + number + "}";
            if (collection == "/products") return product("P" + number, number + ".50");
            return employee_with_id("array-" + number);
        };
        for (const std::size_t count : {1, 3, 1000}) {
            const auto made = api().post(collection, array_of(count, body));
            const auto records = expect_json(made, 201);
            BOOST_TEST(!made.has("Location"));
            BOOST_TEST_REQUIRE(records.size() == count);
            for (const std::size_t i : {std::size_t{0}, count / 2, count - 1}) {
                const Json& record = records.element(i);
                const auto sent = Json::parse(body(i));
                if (collection == "/items") BOOST_TEST(record.without("id") == sent);
                if (collection == "/products") BOOST_TEST(record["name"] == sent["name"]);
                if (collection == "/employees") {
                    BOOST_TEST(record["employee_id"] == sent["employee_id"]);
                }
                const auto path = path_of(collection, record);
                const auto read = api().get(path);
                // Those that are primed are there at once.
                const bool is_primed = collection != "/products";
                if (is_primed) BOOST_TEST(read.header("X-Cache") == "HIT");
                const auto shown = expect_json(read, 200);
                BOOST_TEST((collection == "/items" ? shown["item"] : shown) == record);
            }
            const auto list = expect_json(api().get(collection), 200);
            const Json& all = collection == "/items" ? list["items"] : list;
            for (const std::size_t i : {std::size_t{0}, count - 1}) {
                BOOST_TEST(with_id(all, records.element(i)["id"]) == records.element(i));
            }
            for (std::size_t i = 0; i < count; ++i) {
                BOOST_TEST(api().del(path_of(collection, records.element(i))).status / 100 == 2);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_any_of_them_refuses_all) {
    const auto before = count_of("products");
    const auto post = [](const std::string& body) { return api().post("/products", body); };
    expect_problem(post("[" + product("A") + R"(,{"name": "", "price": -1},7])"), 422,
                   {"/1/name", "/1/price", "/1/stock_quantity", "/2"});
    expect_problem(post("[]"), 422, {""});
    expect_problem(post(array_of(1001, [](auto) { return product("A"); })), 422, {""});
    expect_problem(post("[" + product("A") + ",]"), 400);
    expect_problem(post("[" + product("A")), 400);
    BOOST_TEST(api().post("/products?x=1", "[" + product("A") + "]").status == 422);
    expect_problem(post("[" + std::string(1 << 20, ' ') + "]"), 413);
    // Only POST of a collection takes one.
    const auto path = path_of("/products", create("/products", product("One")));
    expect_problem(api().put(path, "[{}]"), 422, {""});
    BOOST_TEST(api().del(path).status == 204);
    BOOST_TEST(count_of("products") == before);
    // A value that only PostgreSQL refuses.
    auto database = stack().database();
    database.query("ALTER TABLE products ADD CONSTRAINT odd CHECK (name <> 'odd')");
    expect_problem(post("[" + product("A") + "," + product("odd") + "]"), 422);
    database.query("ALTER TABLE products DROP CONSTRAINT odd");
    BOOST_TEST(count_of("products") == before);
}

BOOST_AUTO_TEST_CASE(duplicates_are_found_among_themselves_and_others) {
    const auto taken = unique_text("taken") + "@x";
    create("/customers", customer(taken, R"(, "code": 7)"));
    const auto before = count_of("customers");
    const auto a = unique_text("a") + "@x";
    const auto b = unique_text("b") + "@x";
    const auto c = unique_text("c") + "@x";

    auto problem = expect_problem(
        api().post("/customers", "[" + customer(a) + "," + customer(b, R"(, "code": 8)") + "," +
                                     customer(a) + "," + customer(taken) + "," +
                                     customer(c, R"(, "code": 8)") + "]"),
        409, {"/2/email", "/3/email", "/4/code"});
    BOOST_TEST(told(problem) == (std::vector<std::string>{"/2/email: is that of /0 too",
                                                          "/3/email: is that of another record",
                                                          "/4/code: is that of /1 too"}),
               boost::test_tools::per_element());

    problem = expect_problem(
        api().post("/customers", "[" + customer(a) + "," + customer(b, R"(, "code": 7)") + "," +
                                     customer(taken, R"(, "code": 9)") + "]"),
        409, {"/1/code", "/2/email"});
    BOOST_TEST(problem["detail"].text().contains(taken));
    BOOST_TEST(count_of("customers") == before);
    // What was refused holds no value.
    const auto made = expect_json(
        api().post("/customers", "[" + customer(a, R"(, "code": 8)") + "," + customer(b) + "]"),
        201);
    BOOST_TEST(made.size() == 2U);
    // And the cache knows the values of what was made.
    const auto refused = Scrape::of(api())["larder_duplicates_refused_total"];
    expect_problem(api().post("/customers", customer(a)), 409);
    BOOST_TEST(Scrape::of(api())["larder_duplicates_refused_total"] == refused + 1);
}

BOOST_AUTO_TEST_CASE(unknown_references_are_all_named) {
    const auto known = create("/customers", customer(unique_text("known") + "@x"))["id"].text();
    const auto invoice = [&](const std::string& of, const std::string& payer = "null") {
        return R"({"customer": )" + of + R"(, "payer": )" + payer + R"(, "total": 1.5})";
    };
    expect_problem(api().post("/invoices", "[" + invoice(known) + "," + invoice("999999") + "," +
                                               invoice("999998", "999997") + "," +
                                               invoice(known, known) + "]"),
                   422, {"/1/customer", "/2/customer", "/2/payer"});
    BOOST_TEST(count_of("invoices") == "0");
    const auto made = expect_json(
        api().post("/invoices", array_of(500, [&](auto) { return invoice(known, known); })), 201);
    BOOST_TEST(made.size() == 500U);
    BOOST_TEST(expect_json(api().get("/invoices?customer=" + known + "&count=exact&limit=2"), 200)
                   .size() == 2U);
    BOOST_TEST(
        api().get("/invoices?customer=" + known + "&count=exact&limit=2").header("X-Total-Count") ==
        "500");
}

// Also where there are more of them than locks of tags.
BOOST_AUTO_TEST_CASE(lists_follow_and_others_stay_warm) {
    const auto becomes_hit = [](const std::string& path) {
        return eventually([&] { return api().get(path).header("X-Cache") == "HIT"; });
    };
    const auto german = unique_text("d") + "@x";
    create("/customers", customer(german));
    BOOST_TEST(becomes_hit("/customers/french"));
    BOOST_TEST(becomes_hit("/customers?country=NO"));
    BOOST_TEST(becomes_hit("/customers?country=FR"));
    const auto some = "[" + customer(unique_text("f") + "@x", R"(, "country": "FR")") + "," +
                      customer(unique_text("f") + "@x") + "]";
    const auto made = expect_json(api().post("/customers", some), 201);
    BOOST_TEST(api().get("/customers?country=NO").header("X-Cache") == "HIT");
    for (const auto* path : {"/customers/french", "/customers?country=FR", "/customers"}) {
        const auto list = expect_json(api().get(path), 200);
        BOOST_TEST(with_id(list, made.element(0)["id"]) == made.element(0));
    }
    BOOST_TEST(becomes_hit("/customers?country=NO"));
    const auto many = array_of(1000, [](std::size_t i) {
        return customer(unique_text("m") + "@x", i == 999 ? R"(, "country": "NO")" : "");
    });
    const auto all = expect_json(api().post("/customers", many), 201);
    const auto norwegian = expect_json(api().get("/customers?country=NO"), 200);
    BOOST_TEST(with_id(norwegian, all.element(999)["id"]) == all.element(999));
    const auto email = all.element(500)["email"].text();
    BOOST_TEST(expect_json(api().get("/customers?email=" + email), 200).size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_array_with_a_key_is_done_once) {
    const HeaderLines headers = {"Idempotency-Key: " + unique_text("key")};
    const auto body =
        array_of(200, [](std::size_t i) { return customer("once-" + std::to_string(i) + "@x"); });
    const auto before = std::stoi(count_of("customers"));
    const auto answers = in_parallel(8, [&](std::size_t) {
        auto answer = api().post("/customers", body, headers);
        while (answer.status == 409 && answer.has("Retry-After")) {
            answer = api().post("/customers", body, headers);
        }
        return answer;
    });
    for (const auto& answer : answers) {
        BOOST_TEST(answer.status == 201);
        BOOST_TEST(answer.body == answers[0].body);
    }
    BOOST_TEST(std::ranges::count_if(answers, [](const Response& answer) {
                   return answer.has("Idempotent-Replayed");
               }) == 7);
    BOOST_TEST(std::stoi(count_of("customers")) == before + 200);
    expect_problem(api().post("/customers", "[" + customer("other@x") + "]", headers), 422);
    BOOST_TEST(api().post("/customers", body).status == 409);
}

BOOST_AUTO_TEST_CASE(it_waits_for_what_is_locked_and_holds_up_nobody) {
    const auto parent = create("/customers", customer(unique_text("locked") + "@x"))["id"].text();
    OpenTransaction lock("SELECT FROM customers WHERE id::text = $1 FOR UPDATE", {parent});
    const auto body =
        array_of(10, [&](auto) { return R"({"customer": )" + parent + R"(, "total": 2})"; });
    const auto before = count_of("invoices");
    const auto refused = api().post("/invoices", body);
    expect_problem(refused, 503);
    BOOST_TEST(refused.has("Retry-After"));
    BOOST_TEST(count_of("invoices") == before);
    lock.release();
    BOOST_TEST(expect_json(api().post("/invoices", body), 201).size() == 10U);
}
