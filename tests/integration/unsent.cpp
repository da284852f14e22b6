// nginx with several hosts of workers, of which one is broken in some way: a write goes to another
// one if no connection was made for it, and never if one was, because a worker may have begun with
// it.
#define BOOST_TEST_MODULE unsent
#include <map>
#include <set>

#include "broken_host.hpp"
#include "fixture.hpp"

using namespace larder::test;
using Way = BrokenHost::Way;

namespace {

/// The workers are those of the shared stack; this has an nginx only.
struct Front : SharedStack {
    Front()
        : front({{"DATABASE_URL", stack().status().at("database_url")},
                 {"REDIS_URL", stack().status().at("redis_url")},
                 {"WORKERS", "0"},
                 {"WORKER_ADDRESS", stack().status().at("worker_address")}}) {
        front_ = &front;
    }
    static Stack& get() { return *front_; }

    Stack front;

private:
    static inline Stack* front_ = nullptr;
};

/// nginx forgets which host has failed.
void use(const BrokenHost& broken) {
    const auto finished = Front::get().script(
        {"reload"},
        {{"WORKER_ADDRESS", broken.address() + ',' + stack().status().at("worker_address")}});
    BOOST_TEST_REQUIRE(finished.status == 0, finished.output);
}

/// Posts products with names of their own; the status of each.
using Statuses = std::map<std::string, int>;

void post_some(Statuses& statuses) {
    for (int i = 0; i < 20; ++i) {
        const auto name = unique_text("Unsent");
        statuses[name] = Front::get().client().post("/products", product(name)).status;
    }
}

std::multiset<std::string> stored() {
    std::multiset<std::string> names;
    for (const auto& row :
         stack().database().query("SELECT name FROM products WHERE name LIKE 'Unsent%'")) {
        names.insert(row.at(0));
    }
    return names;
}

/// Every write was sent once: to a worker, which stored it, or to the broken host. The number of
/// those that have failed.
int expect_sent_once(const Statuses& statuses) {
    const auto names = stored();
    int failed = 0;
    for (const auto& [name, status] : statuses) {
        BOOST_TEST_CONTEXT(name << " was answered with " << status) {
            BOOST_TEST((status == 201 || status == 200 || status == 503));
            BOOST_TEST(names.count(name) == (status == 201 ? 1U : 0U));
        }
        if (status == 503) ++failed;
    }
    return failed;
}

void expect_never_sent_on(Way way) {
    const BrokenHost host(way);
    Statuses statuses;
    BOOST_TEST(eventually([&] {
        use(host);
        post_some(statuses);
        return host.broken() >= 3;
    }));
    const int failed = expect_sent_once(statuses);
    // A reset may come so early that nginx has not sent anything.
    BOOST_TEST((way == Way::resets ? failed <= host.broken() : failed == host.broken()));
}

void expect_sent_on(Way way) {
    const BrokenHost host(way);
    Statuses statuses;
    use(host);
    post_some(statuses);
    BOOST_TEST(expect_sent_once(statuses) == 0);
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Front);

BOOST_AUTO_TEST_CASE(to_a_host_that_refuses) { expect_sent_on(Way::refuses); }

BOOST_AUTO_TEST_CASE(to_a_host_that_has_vanished) { expect_sent_on(Way::drops); }

BOOST_AUTO_TEST_CASE(reset_when_accepted) { expect_never_sent_on(Way::resets); }

BOOST_AUTO_TEST_CASE(closed_when_read) { expect_never_sent_on(Way::closes); }

BOOST_AUTO_TEST_CASE(closed_when_read_over_a_kept_connection) {
    expect_never_sent_on(Way::closes_on_next);
}
