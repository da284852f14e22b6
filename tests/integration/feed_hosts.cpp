// Two hosts, each with nginx, workers and a feed of its own, share one PostgreSQL and one Redis.
#define BOOST_TEST_MODULE feed_hosts
#include "feed.hpp"

#include <csignal>

using namespace larder::test;

namespace {

struct TwoHosts : SharedStack {
    TwoHosts()
        : other({{"DATABASE_URL", stack().status().at("database_url")},
                 {"REDIS_URL", stack().status().at("redis_url")}}) {
        other_ = &other;
        BOOST_TEST_REQUIRE(eventually(
            [this] { return feed_follows(stack().client()) && feed_follows(other.client()); }));
    }
    static Stack& there() { return *other_; }

private:
    static inline Stack* other_ = nullptr;
    Stack other;
};

const Client& here() { return api(); }
const Client& there() { return TwoHosts::there().client(); }

/// Imports lines of NDJSON on this host.
void import(const std::string& lines, const std::string& query) {
    const auto answer =
        here().post("/products" + query, lines, {"Content-Type: application/x-ndjson"});
    BOOST_TEST(answer.status == 200, answer.body);
    BOOST_TEST(Json::parse(answer.body)["failed"].text() == "0", answer.body);
}

std::string changed(const std::string& id, const std::string& name) {
    return R"({"id":")" + id + R"(","name":")" + name + "\"}\n";
}

bool lists_get_cached(const std::string& path) {
    return gets_cached(path, here()) && gets_cached(path, there());
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(TwoHosts);

BOOST_AUTO_TEST_CASE(a_record_written_on_one_host_is_seen_on_the_other_at_once) {
    const auto path = path_of("/employees", create("/employees", employee("A")));
    for (int i = 0; i < 50; ++i) {
        const auto& writer = i % 2 == 0 ? here() : there();
        const auto& reader = i % 2 == 0 ? there() : here();
        const auto name = "Name" + std::to_string(i) + '"';
        BOOST_TEST(writer.put(path, R"({"name": ")" + name + '}').status == 200);
        BOOST_TEST(reader.get(path).body.contains(name));
    }
    BOOST_TEST(here().del(path).status == 200);
    BOOST_TEST(there().get(path).status == 404);
}

BOOST_AUTO_TEST_CASE(records_that_one_host_has_primed_stay_primed) {
    const auto path = path_of("/employees", create("/employees", employee("A")));
    int hits = 0;
    for (int i = 0; i < 20; ++i) {
        BOOST_TEST(here().put(path, R"({"salary": )" + std::to_string(i) + '}').status == 200);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        if (there().get(path).header("X-Cache") == "HIT") ++hits;
    }
    BOOST_TEST(hits >= 19);
}

BOOST_AUTO_TEST_CASE(lists_of_the_other_host_follow) {
    const auto record = create("/products", product("First"));
    for (const auto* writer : {&here(), &there()}) {
        BOOST_TEST(lists_get_cached("/products"));
        const auto name = unique_text("Product");
        BOOST_TEST(
            writer->put(path_of("/products", record), R"({"name": ")" + name + "\"}").status ==
            200);
        BOOST_TEST(writer->get("/products").body.contains(name));
        BOOST_TEST(comes_to_show("/products", name, here()));
        BOOST_TEST(comes_to_show("/products", name, there()));
    }
}

BOOST_AUTO_TEST_CASE(foreign_edits_show_on_both) {
    const auto record = create("/employees", employee("A"));
    const auto path = path_of("/employees", record);
    BOOST_TEST(lists_get_cached("/employees"));
    BOOST_TEST(lists_get_cached(path));
    const auto name = unique_text("Foreign");
    stack().database().query("UPDATE employees SET name = $1 WHERE id = $2::bigint",
                             {name, record["id"].text()});
    for (const auto* client : {&here(), &there()}) {
        BOOST_TEST(comes_to_show(path, name, *client));
        BOOST_TEST(comes_to_show("/employees", name, *client));
    }
}

BOOST_AUTO_TEST_CASE(what_an_import_adds_comes_into_the_lists_of_the_other) {
    for (int i = 0; i < 5; ++i) {
        BOOST_TEST(lists_get_cached("/products"));
        const auto name = unique_text("Imported");
        import(R"({"name":")" + name + "\",\"price\":1,\"stock_quantity\":1}\n", "");
        BOOST_TEST(here().get("/products").body.contains(name));
        BOOST_TEST(comes_to_show("/products", name, there()));
    }
}

BOOST_AUTO_TEST_CASE(what_an_import_changes_is_seen_on_the_other_at_once) {
    const auto id = create("/products", product("First"))["id"].text();
    const auto path = "/products/" + id;
    for (int i = 0; i < 5; ++i) {
        BOOST_TEST(lists_get_cached("/products"));
        BOOST_TEST(lists_get_cached(path));
        const auto name = unique_text("Imported");
        import(changed(id, name), "?on_conflict=update");
        BOOST_TEST(there().get(path).body.contains(name));
        BOOST_TEST(here().get(path).body.contains(name));
        BOOST_TEST(here().get("/products").body.contains(name));
        BOOST_TEST(comes_to_show("/products", name, there()));
    }
}

BOOST_AUTO_TEST_CASE(an_import_that_changes_too_much_for_a_fence_follows_by_the_feed) {
    const auto first = create("/products", product("First"))["id"].text();
    const auto path = "/products/" + first;
    const auto rows = stack().database().query(
        "INSERT INTO products (name, price, stock_quantity)"
        " SELECT 'Many', 1, 1 FROM generate_series(1, 1500) RETURNING id::text");
    BOOST_TEST(comes_to_show("/products", rows.back()[0]));
    BOOST_TEST(lists_get_cached("/products"));
    BOOST_TEST(lists_get_cached(path));
    const auto name = unique_text("Imported");
    std::string lines = changed(first, name);
    for (const auto& row : rows) lines += changed(row[0], name);
    import(lines, "?on_conflict=update&all=true");
    BOOST_TEST(here().get(path).body.contains(name));
    BOOST_TEST(comes_to_show(path, name, there()));
    BOOST_TEST(comes_to_show("/products", name, there()));
    stack().database().query("DELETE FROM products WHERE name = $1", {name});
    for (const auto* client : {&here(), &there()}) {
        BOOST_TEST(eventually([&] { return client->get(path).status == 404; }));
    }
}

BOOST_AUTO_TEST_CASE(a_cache_clear_on_one_host_keeps_the_other_right) {
    const auto path = path_of("/employees", create("/employees", employee("A")));
    for (int i = 0; i < 10; ++i) {
        BOOST_TEST(gets_cached(path, here()));
        BOOST_TEST(gets_cached(path, there()));
        BOOST_TEST(here().post("/cache/clear", "").status == 200);
        const auto name = "Cleared" + std::to_string(i) + '"';
        BOOST_TEST(there().put(path, R"({"name": ")" + name + '}').status == 200);
        BOOST_TEST(here().get(path).body.contains(name));
        BOOST_TEST(there().get(path).body.contains(name));
    }
}
