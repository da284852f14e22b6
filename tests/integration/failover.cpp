// PostgreSQL with a synchronous standby: the primary is lost, the standby is promoted, and workers
// and feed go on with it. What was answered is there, and no answer is older.
#define BOOST_TEST_MODULE failover
#include <algorithm>
#include <csignal>
#include <thread>

#include "feed.hpp"
#include "freshness.hpp"
#include "neighbour.hpp"

using namespace larder::test;
using namespace std::chrono_literals;

namespace {

/// A standby of the shared stack's PostgreSQL, which waits for it with every COMMIT.
class Standby {
public:
    Standby() : place_("standby") {
        const auto data = this->data();
        const auto primary = stack().status().at("postgresql_socket");
        place_.run({postgresql_program("pg_basebackup"), "-D", data, "-h", primary, "-U", "larder",
                    "-X", "stream", "-R", "-c", "fast"});
        place_.at_end({postgresql_program("pg_ctl"), "stop", "-D", data, "-m", "immediate"});
        place_.run({postgresql_program("pg_ctl"), "start", "-w", "-D", data, "-l", data + ".log",
                    "-o",
                    "-c listen_addresses= -c unix_socket_directories=" + socket() +
                        " -c port=5432 -c wal_level=logical -c max_connections=200 -c fsync=off"});
        auto database = stack().database();
        database.query("ALTER SYSTEM SET synchronous_standby_names = '*'");
        database.query("SELECT pg_reload_conf()");
        BOOST_TEST_REQUIRE(eventually([&] {
            return database.query("SELECT FROM pg_stat_replication WHERE sync_state = 'sync'")
                       .size() == 1U;
        }));
    }
    void promote() const {
        place_.run({postgresql_program("pg_ctl"), "promote", "-w", "-D", data()});
    }
    [[nodiscard]] std::string socket() const { return place_.directory().string(); }
    [[nodiscard]] Database database() const {
        return Database("postgresql:///larder?user=larder&host=" + socket());
    }

private:
    [[nodiscard]] std::string data() const { return (place_.directory() / "data").string(); }

    Neighbour place_;
};

/// A directory with a socket in it, as the host of a URL.
std::string in_url(std::string directory) {
    for (auto slash = directory.find('/'); slash != directory.npos; slash = directory.find('/')) {
        directory.replace(slash, 1, "%2F");
    }
    return directory;
}

struct TwoDatabases : SharedStack {
    TwoDatabases()
        : host({{"DATABASE_URL",
                 "postgresql://larder@" + in_url(stack().status().at("postgresql_socket")) +
                     ":5432," + in_url(standby.socket()) +
                     "/larder?target_session_attrs=read-write&tcp_user_timeout=5000"},
                {"REDIS_URL", stack().status().at("redis_url")}}) {
        instance_ = this;
    }
    static TwoDatabases& get() { return *instance_; }

    Standby standby;
    Stack host;

private:
    static inline TwoDatabases* instance_ = nullptr;
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(TwoDatabases);

// The feed reads a commit in the log while it still waits for the standby, and nobody sees it yet.
// What readers find meanwhile must not stay in the caches.
BOOST_AUTO_TEST_CASE(foreign_edits_show_although_commits_wait) {
    const auto& client = TwoDatabases::get().host.client();
    BOOST_TEST_REQUIRE(eventually([&] { return feed_follows(client); }));
    const auto record = expect_json(client.post("/products", product("A")), 201);
    const auto path = path_of("/products", record);
    auto database = stack().database();
    const std::jthread reader([&](const std::stop_token& stopped) {
        while (!stopped.stop_requested()) {
            (void)client.get(path);
            (void)client.get("/products");
        }
    });
    for (int i = 0; i < 50; ++i) {
        const auto name = unique_text("Waited");
        database.query("UPDATE products SET name = $1 WHERE id = $2::uuid",
                       {name, record["id"].text()});
        BOOST_TEST(comes_to_show(path, name, client));
        BOOST_TEST(comes_to_show("/products", name, client));
    }
}

// As a tool does that is about to hand over to the standby.
BOOST_AUTO_TEST_CASE(a_primary_that_takes_no_writes_is_no_fault_of_the_server) {
    const auto& client = TwoDatabases::get().host.client();
    const auto path =
        path_of("/employees", expect_json(client.post("/employees", employee("A")), 201));
    auto database = stack().database();
    database.query("ALTER SYSTEM SET default_transaction_read_only = on");
    database.query("SELECT pg_reload_conf()");
    BOOST_TEST(eventually([&] { return client.put(path, R"({"name": "B"})").status != 200; }));
    expect_problem(client.put(path, R"({"name": "B"})"), 503);
    database.query("ALTER SYSTEM RESET default_transaction_read_only");
    database.query("SELECT pg_reload_conf()");
    BOOST_TEST(eventually([&] { return client.put(path, R"({"name": "C"})").status == 200; }));
}

BOOST_AUTO_TEST_CASE(the_standby_takes_over) {
    auto& databases = TwoDatabases::get();
    const auto& client = databases.host.client();
    BOOST_TEST_REQUIRE(eventually([&] { return feed_follows(client); }));
    const auto path =
        path_of("/employees", expect_json(client.post("/employees", employee("A")), 201));

    Freshness before(client);
    before.run_for(1s);
    BOOST_TEST(before.stop() == "");
    const auto answered = before.answered();

    // A feed that is late renews the caches, so this comes last.
    BOOST_TEST_REQUIRE(gets_cached(path, client));
    stack().stop("postgresql", SIGKILL);
    BOOST_TEST(client.get(path).status == 200);
    expect_problem(client.put(path, R"({"name": "B"})"), 503);

    databases.standby.promote();
    // Every worker finds it by itself.
    BOOST_TEST(eventually([&] {
        const auto statuses = in_parallel(
            16, [&](std::size_t) { return client.put(path, R"({"name": "C"})").status; });
        return std::ranges::count(statuses, 200) == 16;
    }));
    BOOST_TEST(client.get(path).body.contains("\"C\""));
    for (const auto& [record, number] : answered) {
        BOOST_TEST(Freshness::number_in(record, client.get(record).body) == number);
    }
    Freshness after(client);
    after.run_for(1s);
    BOOST_TEST(after.stop() == "");

    BOOST_TEST_REQUIRE(eventually([&] { return feed_follows(client); }));
    databases.standby.database().query("UPDATE employees SET name = 'Foreign' WHERE name = 'C'");
    BOOST_TEST(comes_to_show(path, "Foreign", client));
}
