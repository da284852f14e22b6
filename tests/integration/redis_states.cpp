// Redis is there, but refuses: each refusal costs hits at most, and is over when its reason is.
#define BOOST_TEST_MODULE redis_states
#include "fixture.hpp"

#include <algorithm>

#include "redis_process.hpp"

using namespace larder::test;

namespace {

struct RefusingStack : SharedStack {
    RefusingStack()
        : SharedStack({{"REDIS_URL", "redis://127.0.0.1:" + redis().port()},
                       {"BODY_LIMIT_BYTES", "67108864"}}) {}
    static RedisProcess& redis() {
        static RedisProcess server({"--enable-debug-command", "local"});
        return server;
    }
};

void tell_redis(const std::vector<std::string>& command) {
    const auto reply = RefusingStack::redis().command(command);
    BOOST_TEST_CONTEXT(command.front()) { BOOST_TEST(!reply.starts_with("ERR"), reply); }
}

/// A record of each policy: employees and items are primed by their writer, products are not.
std::vector<std::string> make_records() {
    return {path_of("/employees", create("/employees", employee("A", "1"))),
            path_of("/products", create("/products", product("A", "1"))),
            path_of("/items", create("/items", R"({"price": 1})"))};
}

bool all_hit(const std::vector<std::string>& paths) {
    return std::ranges::all_of(
        paths, [](const auto& path) { return api().get(path).header("X-Cache") == "HIT"; });
}

/// Every write succeeds and is seen by the next read, cached or not.
void expect_fresh(const std::vector<std::string>& paths, const std::string& value) {
    for (const auto& path : paths) {
        const std::string field = path.starts_with("/employees") ? "salary" : "price";
        BOOST_TEST_CONTEXT(path << ' ' << value) {
            for (const auto& written : {value + ".5", value + ".25"}) {
                const auto body = "{\"" + field + "\": " + written + "}";
                BOOST_TEST(api().put(path, body).status == 200);
                BOOST_TEST(api().get(path).body.contains(written));
                BOOST_TEST(api().get(path).body.contains(written));
            }
        }
    }
}

std::string live_epoch() { return RefusingStack::redis().command({"GET", "larder:epoch"}); }

bool redis_is(const std::string& state) {
    const auto health = api().get("/health");
    return health.status == 200 && Json::parse(health.body)["redis"].text() == state;
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(RefusingStack);

BOOST_AUTO_TEST_CASE(a_full_memory_that_evicts_nothing) {
    const auto paths = make_records();
    BOOST_TEST(eventually([&] { return all_hit(paths); }));
    tell_redis({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
    tell_redis({"CONFIG", "SET", "maxmemory", "1"});
    expect_fresh(paths, "2");
    expect_fresh(make_records(), "3");
    tell_redis({"CONFIG", "SET", "maxmemory", "0"});
    BOOST_TEST(eventually([&] { return all_hit(paths); }));
    expect_fresh(paths, "4");
}

BOOST_AUTO_TEST_CASE(a_master_that_becomes_a_replica) {
    const auto paths = make_records();
    BOOST_TEST(eventually([&] { return all_hit(paths); }));
    tell_redis({"REPLICAOF", "127.0.0.1", "1"});
    expect_fresh(paths, "2");
    BOOST_TEST(eventually([] { return redis_is("disconnected"); }));
    tell_redis({"REPLICAOF", "NO", "ONE"});
    BOOST_TEST(eventually([&] { return all_hit(paths); }));
    expect_fresh(paths, "3");
    BOOST_TEST(redis_is("connected"));
}

BOOST_AUTO_TEST_CASE(a_password_that_nobody_told_of) {
    const auto paths = make_records();
    BOOST_TEST(eventually([&] { return all_hit(paths); }));
    tell_redis({"CONFIG", "SET", "requirepass", "secret"});
    tell_redis({"-a", "secret", "--no-auth-warning", "CLIENT", "KILL", "TYPE", "normal"});
    expect_fresh(paths, "2");
    BOOST_TEST(eventually([] { return redis_is("disconnected"); }));
    tell_redis({"-a", "secret", "--no-auth-warning", "CONFIG", "SET", "requirepass", ""});
    BOOST_TEST(eventually([&] { return all_hit(paths); }));
    expect_fresh(paths, "3");
}

BOOST_AUTO_TEST_CASE(a_server_that_loads_its_data) {
    const auto paths = make_records();
    BOOST_TEST(eventually([&] { return all_hit(paths); }));
    tell_redis({"DEBUG", "POPULATE", "2000", "other"});
    tell_redis({"CONFIG", "SET", "key-load-delay", "2000"});  // in µs for each key
    tell_redis({"CONFIG", "SET", "loading-process-events-interval-bytes", "1024"});
    std::jthread loading([] { (void)RefusingStack::redis().command({"DEBUG", "RELOAD"}); });
    BOOST_TEST(eventually(
        [] { return RefusingStack::redis().command({"GET", "x"}).starts_with("LOADING"); }));
    expect_fresh(paths, "2");
    BOOST_TEST(redis_is("disconnected"));
    loading.join();
    BOOST_TEST(eventually([&] { return all_hit(paths); }));
    expect_fresh(paths, "3");
}

BOOST_AUTO_TEST_CASE(scripts_that_are_flushed) {
    const auto paths = make_records();
    BOOST_TEST(eventually([&] { return all_hit(paths); }));
    tell_redis({"SCRIPT", "FLUSH"});
    expect_fresh(paths, "2");
    BOOST_TEST(eventually([&] { return all_hit(paths); }));
}

BOOST_AUTO_TEST_CASE(a_database_that_is_flushed) {
    const auto paths = make_records();
    BOOST_TEST(eventually([&] { return all_hit(paths); }));
    tell_redis({"FLUSHALL"});
    expect_fresh(paths, "2");
    BOOST_TEST(eventually([&] { return all_hit(paths); }));
}

BOOST_AUTO_TEST_CASE(connections_that_are_closed_while_idle) {
    const auto paths = make_records();
    BOOST_TEST(eventually([&] { return all_hit(paths); }));
    const auto epoch = live_epoch();
    tell_redis({"CONFIG", "SET", "timeout", "1"});
    BOOST_TEST(eventually([] {  // the only one left is the one that asks
        const auto clients = RefusingStack::redis().command({"CLIENT", "LIST"});
        return std::ranges::count(clients, '\n') == 1;
    }));
    BOOST_TEST(all_hit(paths));
    expect_fresh(paths, "2");
    tell_redis({"CONFIG", "SET", "timeout", "0"});
    BOOST_TEST(live_epoch() == epoch);
}

BOOST_AUTO_TEST_CASE(a_replica_that_was_a_master_before_and_is_one_again) {
    const auto paths = make_records();
    BOOST_TEST(eventually([&] { return all_hit(paths); }));
    const auto epoch = live_epoch();
    tell_redis({"REPLICAOF", "127.0.0.1", "1"});
    tell_redis({"REPLICAOF", "NO", "ONE"});
    tell_redis({"CLIENT", "KILL", "TYPE", "normal"});
    BOOST_TEST(eventually([&] { return all_hit(paths); }));
    BOOST_TEST(eventually([&] { return live_epoch() != epoch; }));
}

BOOST_AUTO_TEST_CASE(a_value_that_is_too_large_for_redis) {
    const auto paths = make_records();
    BOOST_TEST(eventually([&] { return all_hit(paths); }));
    const auto epoch = live_epoch();
    const auto large = path_of(
        "/items", create("/items", R"({"text": ")" + std::string(26'000'000, 'x') + R"("})"));
    for (int time = 0; time < 2; ++time) {
        const auto answer = api().get(large);
        BOOST_TEST(answer.status == 200);
        BOOST_TEST(answer.header("X-Cache") == "MISS");
    }
    BOOST_TEST(all_hit(paths));
    BOOST_TEST(live_epoch() == epoch);
}

BOOST_AUTO_TEST_CASE(a_redis_that_hides_what_it_is) {
    const auto paths = make_records();
    BOOST_TEST(eventually([&] { return all_hit(paths); }));
    tell_redis({"ACL", "SETUSER", "default", "-info"});
    tell_redis({"CLIENT", "KILL", "TYPE", "normal"});
    expect_fresh(paths, "2");
    BOOST_TEST(eventually([] { return redis_is("disconnected"); }));
    tell_redis({"ACL", "SETUSER", "default", "+info"});
    BOOST_TEST(eventually([&] { return all_hit(paths); }));
    expect_fresh(paths, "3");
}
