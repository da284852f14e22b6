// REDIS_URL=sentinel://…: the master is found, and followed when it changes.
#define BOOST_TEST_MODULE sentinel
#include "fixture.hpp"

#include "load.hpp"
#include "redis_process.hpp"

using namespace larder::test;

namespace {

/// Two servers, the second a replica of the first, and three sentinels that watch them.
struct Guarded {
    RedisProcess first;
    RedisProcess second{{"--replicaof", "127.0.0.1", first.port()}};
    RedisProcess sentinels[3] = {{first, 2}, {first, 2}, {first, 2}};

    [[nodiscard]] std::string url() const {
        std::string hosts = "127.0.0.1:1";  // nobody is there, and another is asked
        for (const auto& sentinel : sentinels) hosts += ",127.0.0.1:" + sentinel.port();
        return "sentinel://" + hosts + "/larder?db=2";
    }
    [[nodiscard]] std::string master_port() const {
        const auto address =
            sentinels[0].command({"SENTINEL", "get-master-addr-by-name", "larder"});
        const auto start = address.find('\n') + 1;
        return address.substr(start, address.find('\n', start) - start);
    }
    RedisProcess& master() { return master_port() == first.port() ? first : second; }
    RedisProcess& replica() { return master_port() == first.port() ? second : first; }
    bool is_ready() {
        for (const auto& sentinel : sentinels) {
            if (!sentinel.command({"SENTINEL", "ckquorum", "larder"}).starts_with("OK 3")) {
                return false;
            }
        }
        return replica().command({"INFO", "replication"}).contains("master_link_status:up");
    }
};

struct GuardedStack : SharedStack {
    GuardedStack() : SharedStack({{"REDIS_URL", guarded().url()}}) {}
    static Guarded& guarded() {
        static Guarded servers;
        return servers;
    }
};

Guarded& guarded() { return GuardedStack::guarded(); }

bool becomes_cached(const std::string& path) {
    return eventually([&] { return api().get(path).header("X-Cache") == "HIT"; });
}

/// Writes and reads, while `fail_over` runs and until another server is the master: no request
/// fails and none is stale.
template <typename Action>
void expect_fresh_through(Action fail_over) {
    BOOST_TEST_REQUIRE(eventually([] { return guarded().is_ready(); }));
    const auto path = path_of("/employees", create("/employees", employee("A")));
    BOOST_TEST(becomes_cached(path));
    const auto former = guarded().master_port();
    Load load(api(), 4, Writes::yes);
    fail_over();
    int round = 0;
    const auto moved = [&] {
        const auto salary = std::to_string(++round);
        BOOST_TEST(api().put(path, R"({"salary": )" + salary + '}').status == 200);
        BOOST_TEST(Json::parse(api().get(path).body)["salary"].text() == salary);
        return guarded().master_port() != former;
    };
    BOOST_TEST(eventually(moved));
    BOOST_TEST(becomes_cached(path));
    BOOST_TEST(eventually(
        [&] { return expect_json(api().get("/health"), 200)["redis"].text() == "connected"; }));
    const auto tally = load.stop();
    BOOST_TEST(tally.only_success(), tally.summary());
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(GuardedStack);

BOOST_AUTO_TEST_CASE(the_master_is_found_with_its_database) {
    const auto path = path_of("/items", create("/items", "{}"));
    BOOST_TEST(becomes_cached(path));
    BOOST_TEST(guarded().first.holds_keys("2"));
    BOOST_TEST(!guarded().first.holds_keys("0"));
}

BOOST_AUTO_TEST_CASE(a_planned_failover_is_followed) {
    expect_fresh_through([] {
        BOOST_TEST(guarded().sentinels[1].command({"SENTINEL", "failover", "larder"}) == "OK\n");
    });
}

BOOST_AUTO_TEST_CASE(a_master_that_dies_is_replaced) {
    expect_fresh_through([] { guarded().master().kill(); });
}
