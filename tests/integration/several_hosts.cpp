// docs/deploying.md, "Several hosts": workers on TCP on two hosts, and nginx and a feed on a third
// one that has no workers of its own, all of them with one PostgreSQL and one Redis.
#define BOOST_TEST_MODULE several_hosts
#include <csignal>

#include "feed.hpp"
#include "load.hpp"

using namespace larder::test;
using namespace std::chrono_literals;

namespace {

std::string tcp_address() { return "127.0.0.1:" + std::to_string(free_port()); }

/// A host of the network, which uses the servers of the shared stack.
Environment host(const std::string& workers, const std::string& address) {
    return {{"DATABASE_URL", stack().status().at("database_url")},
            {"REDIS_URL", stack().status().at("redis_url")},
            {"WORKERS", workers},
            {"WORKER_ADDRESS", address}};
}

struct Hosts : SharedStack {
    Hosts()
        : one(host("2", first)), two(host("2", second)), front(host("0", first + ',' + second)) {
        hosts_ = this;
        BOOST_TEST_REQUIRE(eventually([this] { return feed_follows(front.client()); }));
    }
    static Hosts& get() { return *hosts_; }

    const std::string first = tcp_address();
    const std::string second = tcp_address();
    Stack one;
    Stack two;
    Stack front;

private:
    static inline Hosts* hosts_ = nullptr;
};

const Client& front() { return Hosts::get().front.client(); }

void reload_front(const std::string& address) {
    const auto finished = Hosts::get().front.script({"reload"}, {{"WORKER_ADDRESS", address}});
    BOOST_TEST(finished.status == 0, finished.output);
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Hosts);

BOOST_AUTO_TEST_CASE(workers_of_both_hosts_serve_fresh_records) {
    const auto path =
        path_of("/employees", expect_json(front().post("/employees", employee("A")), 201));
    for (int i = 0; i < 50; ++i) {
        const auto name = "Name" + std::to_string(i) + '"';
        BOOST_TEST(front().put(path, R"({"name": ")" + name + '}').status == 200);
        BOOST_TEST(front().get(path).body.contains(name));
        BOOST_TEST(Hosts::get().one.client().get(path).body.contains(name));
        BOOST_TEST(Hosts::get().two.client().get(path).body.contains(name));
    }
    BOOST_TEST(front().get(path).header("X-Cache") == "HIT");
}

BOOST_AUTO_TEST_CASE(lists_are_cached_where_nginx_is_and_follow) {
    BOOST_TEST(gets_cached("/products", front()));
    const auto name = unique_text("Product");
    const auto record = expect_json(front().post("/products", product(name)), 201);
    BOOST_TEST(front().get("/products", {"Cache-Control: no-cache"}).body.contains(name));
    BOOST_TEST(comes_to_show("/products", name, front()));
    BOOST_TEST(gets_cached("/products", front()));
    const auto foreign = unique_text("Foreign");
    stack().database().query("UPDATE products SET name = $1 WHERE id = $2::uuid",
                             {foreign, record["id"].text()});
    BOOST_TEST(comes_to_show("/products", foreign, front()));
    BOOST_TEST(comes_to_show(path_of("/products", record), foreign, front()));
}

BOOST_AUTO_TEST_CASE(a_large_answer_arrives_over_tcp) {
    const std::string text(300000, 'x');
    const auto record = expect_json(front().post("/items", R"({"text": ")" + text + "\"}"), 201);
    BOOST_TEST(front().get(path_of("/items", record)).body.contains(text));
}

BOOST_AUTO_TEST_CASE(a_host_is_taken_out_and_put_back_with_no_failed_request) {
    auto& hosts = Hosts::get();
    Load load(front(), 8, Writes::yes);
    load.run_for(300ms);
    reload_front(hosts.second);
    // What nginx has begun there before is short, and workers finish what they have accepted.
    hosts.one.down();
    load.run_for(300ms);
    hosts.one.up();
    reload_front(hosts.first + ',' + hosts.second);
    load.run_for(300ms);
    const auto tally = load.stop();
    BOOST_TEST(tally.only_success(), tally.summary());
}

// nginx leaves the host alone for the death, but never all of them.
BOOST_AUTO_TEST_CASE(dying_workers_of_all_hosts_fail_no_read) {
    auto& hosts = Hosts::get();
    Load load(front(), 8, Writes::no);
    for (int round = 0; round < 5; ++round) {
        load.run_for(200ms);
        for (const auto* host : {&hosts.one, &hosts.two}) {
            const auto workers = host->pids("worker");
            BOOST_TEST_REQUIRE(!workers.empty());
            kill(workers.front(), SIGKILL);
            BOOST_TEST(eventually([&] {
                const auto now = host->pids("worker");
                return now.size() == workers.size() && now != workers;
            }));
        }
    }
    const auto tally = load.stop();
    BOOST_TEST(tally.only_success(), tally.summary());
}

// nginx tries it again every ten seconds; a write that meets it then has reached nobody.
BOOST_AUTO_TEST_CASE(a_host_that_is_gone_fails_no_later_request) {
    auto& hosts = Hosts::get();
    hosts.one.down();
    Load load(front(), 8, Writes::yes);
    BOOST_TEST(eventually([&] { return load.count() > 1000; }));
    load.run_for(12s);
    const auto tally = load.stop();
    BOOST_TEST(tally.only_success(), tally.summary());
    hosts.one.up();
}
