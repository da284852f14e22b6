// Defaults of the role and the database that are not PostgreSQL's own: a session sets what its
// meaning depends on by itself (contract.md, "Everywhere").
#define BOOST_TEST_MODULE hostile_defaults
#include "fixture.hpp"
#include "open_transaction.hpp"

#include <thread>

using namespace larder::test;
using namespace std::chrono_literals;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

constexpr const char* hostile[] = {
    "search_path = pg_temp",      "DateStyle = 'SQL, DMY'",
    "TimeZone = 'Asia/Tokyo'",    "standard_conforming_strings = off",
    "bytea_output = 'escape'",    "extra_float_digits = -15",
    "lock_timeout = 1",           "idle_in_transaction_session_timeout = 1",
    "client_encoding = 'LATIN1'", "row_security = off"};

/// Defaults of the role, in every session of the workers, until the end of a test case.
class Defaults {
public:
    explicit Defaults(const std::string& isolation) {
        for (const auto* setting : hostile) set(setting);
        set("default_transaction_isolation = '" + isolation + "'");
        reconnect();
    }
    ~Defaults() {
        past_them_.query("ALTER ROLE CURRENT_USER RESET ALL");
        reconnect();
    }

private:
    void set(const std::string& setting) {
        past_them_.query("ALTER ROLE CURRENT_USER SET " + setting);
    }
    void reconnect() {
        past_them_.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'larder-worker'");
    }
    Database past_them_ = stack().database();  // connected before, so that none holds for it
};

void use(const std::string& collection, const std::string& body, const std::string& change) {
    const auto record = create(collection, body);
    const auto path = path_of(collection, record);
    BOOST_TEST(expect_json(api().get(path), 200)["name"] == record["name"]);
    const auto put = expect_json(api().put(path, change), 200);
    const auto list = expect_json(api().get(collection), 200);
    BOOST_TEST(with_id(list, record["id"]) == put);
    const auto short_list = api().get(collection + "?limit=1");
    BOOST_TEST(short_list.status == 200);
    BOOST_TEST(api().del(path).status / 100 == 2);
    expect_problem(api().get(path), 404);
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_contract_holds_with_any_defaults) {
    for (const std::string isolation : {"repeatable read", "serializable"}) {
        const Defaults defaults(isolation);
        BOOST_TEST(eventually([] { return api().post("/products", product("A")).status == 201; }));
        BOOST_TEST_CONTEXT(isolation) {
            use("/products", product(R"(quote ' backslash \\ umlaut \u00e4)"),
                R"({"price": 4.25})");
            use("/employees", employee_with_id(unique_text("E")), R"({"salary": 4.25})");
            BOOST_TEST(api().get("/employees/top2-by-department").status == 200);
            BOOST_TEST(api().post("/cache/clear", "").status == 200);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_cancelled_statement_is_unavailable_and_not_repeated) {
    auto database = stack().database();
    const auto path = path_of("/products", create("/products", product("A")));
    OpenTransaction holder("SELECT FROM products WHERE id = $1::uuid FOR UPDATE",
                           {path.substr(path.rfind('/') + 1)});
    Response answer;
    std::thread writer([&] { answer = api().put(path, R"({"name": "B"})"); });
    // As long as it waits for the row, a statement of the workers is cancelled; once is enough.
    BOOST_TEST(eventually([&] {
        return !database
                    .query(
                        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE"
                        " application_name = 'larder-worker' AND wait_event_type = 'Lock'")
                    .empty();
    }));
    writer.join();
    expect_problem(answer, 503);
    BOOST_TEST(!answer.body.contains("locked by another"), answer.body);
    holder.release();
    BOOST_TEST(api().put(path, R"({"name": "C"})").status == 200);
}

BOOST_AUTO_TEST_CASE(a_locked_row_is_waited_for_and_then_said_to_be_locked) {
    const auto path = path_of("/products", create("/products", product("A")));
    OpenTransaction holder("SELECT FROM products WHERE id = $1::uuid FOR UPDATE",
                           {path.substr(path.rfind('/') + 1)});
    const auto answer = api().put(path, R"({"name": "B"})");
    expect_problem(answer, 503);
    BOOST_TEST(answer.has("Retry-After"));
    BOOST_TEST(answer.body.contains("locked this record"), answer.body);
    holder.release();
    BOOST_TEST(api().put(path, R"({"name": "C"})").status == 200);
}

BOOST_AUTO_TEST_CASE(a_commit_that_is_refused_is_a_plain_failure) {
    auto database = stack().database();
    database.query("DELETE FROM products");
    database.query(
        "ALTER TABLE products ADD CONSTRAINT one_name UNIQUE (name) DEFERRABLE INITIALLY DEFERRED");
    create("/products", product("One"));
    const auto path = path_of("/products", create("/products", product("Two")));
    expect_problem(api().post("/products", product("One")), 409);
    expect_problem(api().put(path, R"({"name": "One"})"), 409);
    BOOST_TEST(expect_json(api().get(path), 200)["name"].text() == "Two");
    database.query("ALTER TABLE products DROP CONSTRAINT one_name");
    BOOST_TEST(api().put(path, R"({"name": "One"})").status == 200);
}
