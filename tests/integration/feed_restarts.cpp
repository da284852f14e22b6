// larder-feed, or what it depends on, goes away and comes back: what was written past the workers
// meanwhile shows once it is back.
#define BOOST_TEST_MODULE feed_restarts
#include "feed.hpp"

#include <csignal>
#include <fstream>
#include <sstream>

using namespace larder::test;
using namespace std::chrono_literals;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

/// Puts everything back to work before and after a test case, however it ended.
struct Repair {
    Repair() {
        BOOST_TEST_REQUIRE(eventually([] { return feed_follows(); }));
    }
    ~Repair() {
        stack().signal("feed_supervisor", SIGCONT);
        stack().up();
        BOOST_TEST(eventually([] { return feed_follows(); }));
    }
};

struct Watched {
    std::string id = create("/employees", employee("Watched"))["id"].text();
    std::string path = "/employees/" + id;

    void rename(const std::string& name) const {
        stack().database().query("UPDATE employees SET name = $1 WHERE id = $2::bigint",
                                 {name, id});
    }
    void expect(const std::string& name) const {
        BOOST_TEST_CONTEXT(name) {
            BOOST_TEST(comes_to_show(path, name));
            BOOST_TEST(comes_to_show("/employees", name));
        }
    }
    void expect_to_be_followed(const std::string& name) const {
        BOOST_TEST(gets_cached(path));
        BOOST_TEST(gets_cached("/employees"));
        rename(name);
        expect(name);
    }
};

std::string feed_log() {
    const std::ifstream file(stack().directory() / "stack" / "logs" / "feed.log");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// Ends the feed and keeps its supervisor from starting it again.
void hold_feed() {
    stack().signal("feed_supervisor", SIGSTOP);
    const auto pid = stack().pids("feed").at(0);
    stack().kill(pid, SIGKILL);
    BOOST_TEST(eventually([&] { return !is_alive(pid); }));
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(edits_while_the_feed_is_dead, Repair) {
    const Watched watched;
    watched.expect_to_be_followed("Before");
    BOOST_TEST(gets_cached(watched.path));
    hold_feed();
    watched.rename("Meanwhile");
    BOOST_TEST(eventually([] { return !feed_follows(); }, 15s));
    stack().signal("feed_supervisor", SIGCONT);
    watched.expect("Meanwhile");
    watched.expect_to_be_followed("After");
}

BOOST_FIXTURE_TEST_CASE(the_feed_ends_when_asked_to, Repair) {
    const Watched watched;
    const auto pid = stack().pids("feed").at(0);
    stack().kill(pid, SIGTERM);
    BOOST_TEST(eventually([&] { return !is_alive(pid); }, 2s));
    BOOST_TEST(eventually([] { return feed_follows(); }));
    watched.expect_to_be_followed("After");
}

BOOST_FIXTURE_TEST_CASE(postgresql_restarts, Repair) {
    const Watched watched;
    for (const int signal : {SIGINT, SIGQUIT}) {
        watched.expect_to_be_followed("Before " + std::to_string(signal));
        stack().stop("postgresql", signal);
        stack().up();
        watched.rename("Meanwhile " + std::to_string(signal));
        watched.expect("Meanwhile " + std::to_string(signal));
        BOOST_TEST(eventually([] { return feed_follows(); }));
        watched.expect_to_be_followed("After " + std::to_string(signal));
    }
}

BOOST_FIXTURE_TEST_CASE(redis_restarts, Repair) {
    const Watched watched;
    watched.expect_to_be_followed("Before");
    stack().stop("redis", SIGKILL);
    watched.rename("Meanwhile");
    watched.expect("Meanwhile");
    stack().up();
    watched.expect_to_be_followed("After");
    BOOST_TEST(feed_follows());
}

BOOST_FIXTURE_TEST_CASE(a_start_while_a_transaction_is_open, Repair) {
    const Watched watched;
    auto open = stack().database();
    open.query("BEGIN");
    open.query("INSERT INTO items (data) VALUES ('{}')");
    stack().signal("feed", SIGKILL);
    BOOST_TEST(eventually([] { return feed_log().contains("waits for transactions"); }));
    watched.rename("Meanwhile");  // PostgreSQL gives no slot yet, so everything is renewed instead
    watched.expect("Meanwhile");
    open.query("ROLLBACK");
    BOOST_TEST(eventually([] { return feed_follows(); }));
    watched.expect_to_be_followed("After");
}

BOOST_FIXTURE_TEST_CASE(without_its_publication_it_says_so, Repair) {
    const Watched watched;
    auto database = stack().database();
    database.query("DROP PUBLICATION larder");
    watched.rename("Lost");
    BOOST_TEST(eventually([] { return feed_log().contains("there is no publication larder"); }));
    BOOST_TEST(!feed_follows());
    database.query("CREATE PUBLICATION larder FOR TABLE employees");
    BOOST_TEST(eventually(
        [] { return feed_log().contains("the publication larder lacks items, products"); }));
    database.query("ALTER PUBLICATION larder ADD TABLE products, items, larder.tokens");
    BOOST_TEST(eventually([] { return feed_follows(); }));
    watched.expect("Lost");
    watched.expect_to_be_followed("After");
}
