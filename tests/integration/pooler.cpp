// Workers behind pgbouncer in transaction mode, with PREPARED_STATEMENTS=false; the feed and the
// migrations go past it.
#define BOOST_TEST_MODULE pooler
#include <fstream>
#include <iterator>

#include "feed.hpp"
#include "freshness.hpp"
#include "hostile.hpp"
#include "load.hpp"
#include "neighbour.hpp"

using namespace larder::test;
using namespace std::chrono_literals;

namespace {

constexpr int connections = 4;

class Pgbouncer {
public:
    Pgbouncer() : place_("pgbouncer") {
        // What the documentation has at 10 s.
        stack().database().query("ALTER ROLE larder SET lock_timeout = '200ms'");
        const auto directory = place_.directory().string();
        place_.run({"sh", "-c", "printf '%s' \"$1\" > \"$2\"/pgbouncer.ini", "sh",
                    configuration(directory), directory});
        place_.at_end({"sh", "-c", "kill -INT \"$(cat \"$1\"/pid)\"", "sh", directory});
        place_.run({"/usr/sbin/pgbouncer", "-q", "-d", directory + "/pgbouncer.ini"});
    }
    [[nodiscard]] std::string url() const {
        return "postgresql:///larder?user=larder&application_name=pooled&port=6432&host=" +
               place_.directory().string();
    }

private:
    /// That of docs/deploying.md, but for where it listens and whom it lets in.
    static std::string configuration(const std::string& directory) {
        std::ifstream file(source_directory() / "docs" / "deploying.md");
        const std::string text(std::istreambuf_iterator<char>(file), {});
        const std::string_view begin = "```ini\n[databases]\n";
        const auto start = text.find(begin) + begin.size();
        const auto rest = text.find('\n', start);
        return "[databases]\nlarder = user=larder dbname=larder host=" +
               stack().status().at("postgresql_socket") +
               text.substr(rest, text.find("```", rest) - rest) +
               "listen_addr =\nunix_socket_dir = " + directory + "\npidfile = " + directory +
               "/pid\nlogfile = " + directory +
               "/log\nauth_type = any\ndefault_pool_size = " + std::to_string(connections) + "\n";
    }

    Neighbour place_;
};

struct Pooled : SharedStack {
    Pooled()
        : pooled({{"DATABASE_URL", pooler.url()},
                  {"DIRECT_DATABASE_URL", stack().status().at("database_url")},
                  {"REDIS_URL", stack().status().at("redis_url")},
                  {"PREPARED_STATEMENTS", "false"}}) {
        pooled_ = &pooled;
    }
    static Stack& get() { return *pooled_; }

    Pgbouncer pooler;
    Stack pooled;

private:
    static inline Stack* pooled_ = nullptr;
};

const Client& client() { return Pooled::get().client(); }

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Pooled);

BOOST_AUTO_TEST_CASE(it_serves_and_stays_fresh_over_few_connections) {
    Freshness freshness(client());
    Load load(client(), 8, Writes::yes);
    BOOST_TEST(eventually([&] { return load.count() > 2000; }));
    const auto taken = stack().database().query(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pooled'");
    const auto tally = load.stop();
    BOOST_TEST(freshness.stop() == "");
    BOOST_TEST(tally.only_success(), tally.summary());
    BOOST_TEST(std::stoi(taken.at(0).at(0)) > 0);
    BOOST_TEST(std::stoi(taken.at(0).at(0)) <= connections);
}

BOOST_AUTO_TEST_CASE(the_feed_goes_past_it) {
    BOOST_TEST_REQUIRE(eventually([] { return feed_follows(client()); }));
    const auto record = expect_json(client().post("/products", product("Pooled")), 201);
    const auto path = path_of("/products", record);
    BOOST_TEST(gets_cached(path, client()));
    const auto foreign = unique_text("Foreign");
    stack().database().query("UPDATE products SET name = $1 WHERE id = $2::uuid",
                             {foreign, record["id"].text()});
    BOOST_TEST(comes_to_show(path, foreign, client()));
}

BOOST_AUTO_TEST_CASE(what_is_forgotten_is_named) {
    const auto& pooled = Pooled::get();
    Environment settings = {{"DATABASE_URL", pooled.status().at("database_url")},
                            {"REDIS_URL", pooled.status().at("redis_url")},
                            {"RESOURCES_DIR", source_directory() / "resources"},
                            {"RUN_DIR", pooled.status().at("run_dir")}};
    const auto worker = run({program_directory() / "larder-worker", "--diagnose"}, settings).output;
    BOOST_TEST(worker.contains("problem: PostgreSQL: DATABASE_URL is that of a pooler"), worker);
    BOOST_TEST(worker.contains("PREPARED_STATEMENTS=false"), worker);
    for (const auto* prepared : {"true", "false"}) {
        settings["PREPARED_STATEMENTS"] = prepared;
        const auto feed = run({program_directory() / "larder-feed", "--check"}, settings);
        BOOST_TEST(feed.status == 1);
        BOOST_TEST(feed.output.contains("set DIRECT_DATABASE_URL"), feed.output);
    }
    settings["DIRECT_DATABASE_URL"] = stack().status().at("database_url");
    BOOST_TEST(run({program_directory() / "larder-feed", "--check"}, settings).status == 0);
    BOOST_TEST(run({program_directory() / "larder-worker", "--diagnose"}, settings).status == 0);
}

BOOST_AUTO_TEST_CASE(a_locked_row_keeps_no_store_thread_waiting) {
    const auto path =
        path_of("/products", expect_json(client().post("/products", product("A")), 201));
    auto database = stack().database();
    database.query("BEGIN");
    database.query("SELECT FROM products WHERE id = $1::uuid FOR UPDATE",
                   {path.substr(path.rfind('/') + 1)});
    expect_problem(client().put(path, R"({"name": "B"})"), 503);
    database.query("ROLLBACK");
    BOOST_TEST(client().put(path, R"({"name": "C"})").status == 200);
}

BOOST_AUTO_TEST_CASE(a_write_with_a_key_is_done_once) {
    const HeaderLines headers = {"Idempotency-Key: " + unique_text("key")};
    const auto body = employee_with_id(unique_text("E"));
    const auto first = client().post("/employees", body, headers);
    BOOST_TEST(first.status == 201);
    const auto path = first.header("Location");
    const HeaderLines of_put = {"Idempotency-Key: " + unique_text("key"),
                                "If-Match: " + first.header("ETag")};
    const auto changed = client().put(path, R"({"salary": 1})", of_put);
    BOOST_TEST(changed.status == 200);
    BOOST_TEST(client().put(path, R"({"salary": 1})", of_put).body == changed.body);
    BOOST_TEST(client().post("/employees", body, headers).body == first.body);
    expect_problem(client().post("/employees", employee("Other"), headers), 422);
}

BOOST_AUTO_TEST_CASE(the_log_of_postgresql_has_no_value_of_a_write_that_failed) {
    auto database = stack().database();
    database.query("ALTER TABLE products ADD CONSTRAINT one CHECK (name NOT LIKE 'sEcret%')");
    expect_problem(client().post("/products", product("sEcret")), 422);
    database.query("ALTER TABLE products DROP CONSTRAINT one");
    std::ifstream file(stack().directory() / "stack" / "logs" / "postgresql.log");
    const std::string log(std::istreambuf_iterator<char>(file), {});
    BOOST_TEST(!log.empty());
    BOOST_TEST(!log.contains("sEcret"));
}

BOOST_AUTO_TEST_CASE(defaults_of_the_database_change_nothing) {
    for (const std::string isolation : {"repeatable read", "serializable"}) {
        const HostileDefaults defaults("DATABASE larder", isolation, "pooled");
        BOOST_TEST_CONTEXT(isolation) { expect_whole_contract(client()); }
    }
}

BOOST_AUTO_TEST_CASE(a_list_longer_than_one_fetch) {
    stack().database().query(
        "INSERT INTO products (name, price, stock_quantity)"
        " SELECT 'Many', 1, 1 FROM generate_series(1, 5000)");
    BOOST_TEST(
        eventually([] { return expect_json(client().get("/products"), 200).size() > 5000U; }));
}

BOOST_AUTO_TEST_CASE(rows_are_imported_in_transactions) {
    const HeaderLines lines = {"Content-Type: application/x-ndjson"};
    std::string rows;
    for (int i = 0; i < 6000; ++i) {
        rows += R"({"name": "Pooled import", "salary": 1, "department": "D", "employee_id": "P-)" +
                std::to_string(i) + "\"}\n";
    }
    rows += "{}\n";
    for (const auto* all : {"&all=true", "", "&all=true"}) {
        const auto answer = client().post(
            std::string("/employees?on_conflict=update&key=employee_id") + all, rows, lines);
        BOOST_TEST(expect_json(answer, 200)["failed"].text() == "1", answer.body.substr(0, 500));
    }
    BOOST_TEST(stack().database().value(
                   "SELECT count(*) FROM employees WHERE name = 'Pooled import'") == "6000");
}
