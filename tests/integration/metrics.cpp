// GET /metrics: every count is exact over all workers and through their deaths, what nginx answers
// by itself included.
#define BOOST_TEST_MODULE metrics
#include "open_transaction.hpp"

#include <csignal>

#include <algorithm>
#include <functional>
#include <thread>

#include "scrape.hpp"

using namespace larder::test;

namespace {

struct ThreeWorkers : SharedStack {
    ThreeWorkers() : SharedStack(Environment{{"WORKERS", "3"}}) {}
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(ThreeWorkers);

namespace {

Scrape scrape() { return Scrape::of(api()); }

double reads(const Scrape& scrape, const std::string& resource, const std::string& result) {
    return scrape["larder_cache_reads_total{resource=\"" + resource + "\",result=\"" + result +
                  "\"}"];
}

double lists(const Scrape& scrape, const std::string& result) {
    return scrape["larder_list_requests_total{result=\"" + result + "\"}"];
}

double rejected_fills(const Scrape& scrape, const std::string& reason) {
    return scrape["larder_cache_fills_rejected_total{reason=\"" + reason + "\"}"];
}

/// What nginx has answered reaches the counters with its log, a second or two later.
bool eventually_counted(const std::function<bool(const Scrape&)>& holds) {
    return eventually([&] { return holds(scrape()); });
}

void clear_caches() { BOOST_TEST(api().post("/cache/clear", "").status == 200); }

constexpr std::string_view by_employee = "/employees/{id}";

/// Sends one request `count` times, over many connections at once.
void send(int count, std::string_view path, int status) {
    const auto answers = in_parallel(10, [&](std::size_t i) {
        int right = 0;
        for (int n = static_cast<int>(i); n < count; n += 10) {
            right += api().get(path).status == status ? 1 : 0;
        }
        return right;
    });
    int total = 0;
    for (const int right : answers) total += right;
    BOOST_TEST(total == count);
}

}  // namespace

BOOST_AUTO_TEST_CASE(requests_are_counted_by_route_method_and_status) {
    const auto path = path_of("/employees", create("/employees", employee("A")));
    const auto before = scrape();
    send(400, path, 200);
    send(70, "/employees/999999999", 404);
    send(50, "/employees/no-id", 404);
    send(30, "/nowhere/at/all", 404);
    for (int i = 0; i < 9; ++i) BOOST_TEST(api().put(path, R"({"salary": 5})").status == 200);
    for (int i = 0; i < 8; ++i) BOOST_TEST(api().put(path, R"({"salary": -5})").status == 422);
    for (int i = 0; i < 7; ++i) BOOST_TEST(api().post(path, "{}").status == 405);
    for (int i = 0; i < 6; ++i) BOOST_TEST(api().head(path).status == 200);
    for (int i = 0; i < 5; ++i) BOOST_TEST(api().get("/user/Bob").status == 200);
    BOOST_TEST(api().options(path).status == 204);
    BOOST_TEST(api().del(path).status == 200);
    const auto after = scrape();
    const auto added = [&](std::string_view route, const std::string& method, int status) {
        const std::string name(route);
        return after.requests(name, method, status) - before.requests(name, method, status);
    };
    BOOST_TEST(added(by_employee, "GET", 200) == 400);
    BOOST_TEST(added(by_employee, "GET", 404) == 120);
    BOOST_TEST(added("unknown", "GET", 404) == 30);
    BOOST_TEST(added(by_employee, "PUT", 200) == 9);
    BOOST_TEST(added(by_employee, "PUT", 422) == 8);
    BOOST_TEST(added(by_employee, "POST", 405) == 7);
    BOOST_TEST(added(by_employee, "HEAD", 200) == 6);
    BOOST_TEST(added("/user/{name}", "GET", 200) == 5);
    BOOST_TEST(added(by_employee, "OPTIONS", 204) == 1);
    BOOST_TEST(added(by_employee, "DELETE", 200) == 1);
}

BOOST_AUTO_TEST_CASE(every_answer_of_a_worker_has_a_duration) {
    const auto before = scrape();
    send(200, "/user", 200);
    const auto after = scrape();
    const std::string name = "larder_http_request_duration_seconds";
    // With the scrape before.
    BOOST_TEST(after[name + "_count"] - before[name + "_count"] == 201);
    BOOST_TEST(after[name + "_bucket{le=\"+Inf\"}"] == after[name + "_count"]);
    BOOST_TEST(after[name + "_sum"] > before[name + "_sum"]);
    BOOST_TEST(after[name + "_bucket{le=\"0.0001\"}"] <= after[name + "_bucket{le=\"10\"}"]);
}

BOOST_AUTO_TEST_CASE(reads_and_fills_tell_how_the_record_cache_does) {
    const auto path = path_of("/products", create("/products", product("A")));
    clear_caches();
    const auto before = scrape();
    for (int i = 0; i < 21; ++i) BOOST_TEST(api().get(path).status == 200);
    const auto after = scrape();
    BOOST_TEST(reads(after, "products", "miss") - reads(before, "products", "miss") == 1);
    BOOST_TEST(reads(after, "products", "hit") - reads(before, "products", "hit") == 20);
    BOOST_TEST(after["larder_cache_fills_total"] - before["larder_cache_fills_total"] == 1);
    BOOST_TEST(api().put(path, R"({"price": 1})").status == 200);
    const std::string fences = "larder_cache_fences_total{result=\"acknowledged\"}";
    BOOST_TEST(scrape()[fences] - after[fences] == 1);
    BOOST_TEST(scrape()["larder_list_renewals_total"] > after["larder_list_renewals_total"]);
}

BOOST_AUTO_TEST_CASE(a_fill_that_comes_too_late_is_counted_as_such) {
    const auto record = create("/products", product("A"));
    const auto path = path_of("/products", record);
    // Whoever holds the row back keeps it unsettled: it is answered, but not cached.
    OpenTransaction holder("UPDATE products SET price = 7 WHERE id = '" + record["id"].text() +
                           "'");
    const auto before = scrape();
    BOOST_TEST(api().get(path).header("X-Cache") == "MISS");
    const auto after = scrape();
    BOOST_TEST(rejected_fills(after, "unsettled") - rejected_fills(before, "unsettled") == 1);
    BOOST_TEST(after["larder_cache_fills_total"] == before["larder_cache_fills_total"]);
    holder.release();
}

// A lease that somebody takes while the SELECT waits.
BOOST_AUTO_TEST_CASE(a_fill_whose_lease_was_taken_is_counted_as_such) {
    const auto record = create("/products", product("A"));
    OpenTransaction locker("LOCK TABLE products IN ACCESS EXCLUSIVE MODE");
    const auto before = scrape();
    std::jthread reader([&] { (void)api().get(path_of("/products", record)); });
    auto redis = stack().redis();
    const auto lease = "larder:" + redis.command({"GET", "larder:epoch"}) +
                       ":products:" + record["id"].text() + ":lease";
    BOOST_TEST(eventually([&] { return redis.command({"EXISTS", lease}) == "1"; }));
    redis.command({"DEL", lease});
    locker.release();
    reader.join();
    // Redis's answer to the fill is read when the thread that sent it asks Redis again.
    BOOST_TEST(eventually_counted([&](const Scrape& now) {
        in_parallel(30, [](std::size_t) {
            return api().post("/employees", employee_with_id(unique_text("E"))).status;
        });
        return rejected_fills(now, "lease_lost") - rejected_fills(before, "lease_lost") == 1;
    }));
}

BOOST_AUTO_TEST_CASE(duplicates_refused_with_no_query_are_counted) {
    const auto body = employee_with_id(unique_text("E"));
    BOOST_TEST(api().post("/employees", body).status == 201);
    const std::string name = "larder_duplicates_refused_total";
    const auto before = scrape();
    for (int i = 0; i < 5; ++i) BOOST_TEST(api().post("/employees", body).status == 409);
    BOOST_TEST(scrape()[name] - before[name] == 5);
}

BOOST_AUTO_TEST_CASE(lists_that_nginx_answers_are_counted_one_by_one) {
    clear_caches();
    const auto misses = lists(scrape(), "miss");
    BOOST_TEST(api().get("/employees/high-salary").header("X-Cache") == "MISS");
    BOOST_TEST(eventually_counted([&](const Scrape& now) { return lists(now, "miss") > misses; }));
    const auto before = scrape();
    const std::string route = "/employees/high-salary";
    send(500, route, 200);
    BOOST_TEST(api().head(route).header("X-Cache") == "HIT");
    // nginx looks into its cache before a worker refuses the query.
    BOOST_TEST(api().get(route + "?limit=0").status == 422);
    BOOST_TEST(api().get(route, {"Cache-Control: no-cache"}).header("X-Cache") == "BYPASS");
    BOOST_TEST(eventually_counted([&](const Scrape& now) {
        return lists(now, "hit") - lists(before, "hit") >= 501 &&
               lists(now, "bypass") - lists(before, "bypass") >= 1;
    }));
    const auto after = scrape();
    BOOST_TEST(lists(after, "hit") - lists(before, "hit") == 501);
    BOOST_TEST(lists(after, "bypass") - lists(before, "bypass") == 1);
    BOOST_TEST(lists(after, "miss") - lists(before, "miss") == 1);
    BOOST_TEST(after.requests(route, "GET", 200) - before.requests(route, "GET", 200) == 501);
    BOOST_TEST(after.requests(route, "HEAD", 200) - before.requests(route, "HEAD", 200) == 1);
    BOOST_TEST(after.requests(route, "GET", 422) - before.requests(route, "GET", 422) == 1);
}

BOOST_AUTO_TEST_CASE(what_nginx_refuses_is_counted) {
    const auto before = scrape();
    (void)api().raw({"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"});  // no Host
    (void)api().raw({"nonsense\r\n\r\n"});
    BOOST_TEST(eventually_counted([&](const Scrape& now) {
        const double refused =
            now.requests("unknown", "GET", 400) + now.requests("unknown", "other", 400) -
            before.requests("unknown", "GET", 400) - before.requests("unknown", "other", 400);
        return refused == 2;
    }));
}

BOOST_AUTO_TEST_CASE(no_count_is_lost_when_workers_are_killed) {
    const auto path = path_of("/items", create("/items", "{}"));
    for (int round = 0; round < 4; ++round) {
        const auto before = scrape();
        send(150, path, 200);
        const auto workers = stack().pids("worker");
        BOOST_REQUIRE(workers.size() == 3U);
        // One of them, and in the last round all.
        for (const int pid : workers) {
            stack().kill(pid, SIGKILL);
            if (round < 3) break;
        }
        BOOST_TEST(eventually([&] {
            const auto now = stack().pids("worker");
            return now.size() == 3 && now != workers;
        }));
        BOOST_TEST(
            eventually_counted([](const Scrape& now) { return now["larder_workers"] == 3; }));
        const auto after = scrape();
        const std::string route = "/items/{id}";
        BOOST_TEST(after.requests(route, "GET", 200) - before.requests(route, "GET", 200) == 150);
        const std::string starts = "larder_worker_starts_total";
        BOOST_TEST(after[starts] - before[starts] == (round < 3 ? 1 : 3));
    }
}

BOOST_AUTO_TEST_CASE(list_hits_are_counted_also_when_no_worker_was_there) {
    BOOST_TEST(api().get("/items").status == 200);
    const auto before = scrape();
    const auto hits_before = lists(before, "hit");
    stack().signal("worker", SIGSTOP);
    int hits = 0;
    for (int i = 0; i < 50; ++i) hits += api().get("/items").header("X-Cache") == "HIT" ? 1 : 0;
    stack().signal("worker", SIGCONT);
    BOOST_TEST(hits == 50);
    BOOST_TEST(eventually_counted(
        [&](const Scrape& now) { return lists(now, "hit") - hits_before >= hits; }));
    BOOST_TEST(lists(scrape(), "hit") - hits_before == hits);
}

BOOST_AUTO_TEST_CASE(gauges_say_how_things_are) {
    const auto now = scrape();
    BOOST_TEST(now["larder_workers"] == 3);
    BOOST_TEST(now["larder_store_threads"] == 24);
    BOOST_TEST(now["larder_store_queue_limit"] == 3 * 1024);
    BOOST_TEST(now["larder_store_queue_requests"] == 0);
    BOOST_TEST(now["larder_store_threads_busy"] == 0);
    BOOST_TEST(now["larder_database_connections"] > 0);
    BOOST_TEST(now["larder_fastcgi_connections"] > 0);
    BOOST_TEST(now["larder_redis_trusted"] == 1);
    BOOST_TEST(now["larder_redis_epoch"] > 0);
    BOOST_TEST(now["larder_feed_up"] == 1);
    BOOST_TEST(now.has("larder_feed_lag_seconds"));
    BOOST_TEST(now.sum("larder_build_info") == 1);
}

BOOST_AUTO_TEST_CASE(a_busy_pool_shows) {
    OpenTransaction locker("LOCK TABLE products IN ACCESS EXCLUSIVE MODE");
    std::vector<std::jthread> clients;
    for (int i = 0; i < 40; ++i) {
        clients.emplace_back([i] { (void)api().get("/products?limit=" + std::to_string(i + 1)); });
    }
    BOOST_TEST(eventually_counted([](const Scrape& now) {
        return now["larder_store_threads_busy"] >= 8 &&
               now["larder_store_threads_busy"] + now["larder_store_queue_requests"] == 40;
    }));
    locker.release();
    clients.clear();
    BOOST_TEST(eventually_counted([](const Scrape& now) {
        return now["larder_store_threads_busy"] == 0 && now["larder_store_queue_requests"] == 0;
    }));
}

BOOST_AUTO_TEST_CASE(the_feed_counts_what_it_has_seen) {
    const auto before = scrape();
    const std::string name = "larder_feed_transactions_total";
    stack().database().query("INSERT INTO items (data) VALUES ('{}')");
    BOOST_TEST(eventually_counted([&](const Scrape& now) { return now[name] > before[name]; }));
}

BOOST_AUTO_TEST_CASE(without_redis_there_is_no_trust_and_reads_pass_it_by) {
    const auto path = path_of("/items", create("/items", "{}"));
    const auto before = scrape();
    stack().signal("redis", SIGSTOP);
    BOOST_TEST(api().get(path).status == 200);
    BOOST_TEST(api().get(path).header("X-Cache") == "BYPASS");
    const auto without = scrape();
    BOOST_TEST(without["larder_redis_trusted"] == 0);
    BOOST_TEST(without["larder_redis_epoch"] == 0);
    BOOST_TEST(without["larder_redis_failures_total"] > before["larder_redis_failures_total"]);
    BOOST_TEST(reads(without, "items", "bypass") > reads(before, "items", "bypass"));
    stack().signal("redis", SIGCONT);
    BOOST_TEST(
        eventually_counted([](const Scrape& now) { return now["larder_redis_trusted"] == 1; }));
    BOOST_TEST(scrape()["larder_redis_epoch"] > before["larder_redis_epoch"]);
    BOOST_TEST(scrape()["larder_cache_renewals_total"] > before["larder_cache_renewals_total"]);
}

BOOST_AUTO_TEST_CASE(without_postgresql_metrics_are_there) {
    const auto before = scrape();
    stack().stop("postgresql", SIGINT);
    BOOST_TEST(api().get("/items/" + std::string(unknown_uuid)).status == 503);
    const auto without = scrape();
    const std::string name = "larder_database_failures_total";
    BOOST_TEST(without[name] > before[name]);
    BOOST_TEST(without.requests("/items/{id}", "GET", 503) > 0);
    stack().up();
    BOOST_TEST(eventually([] { return api().get("/health").status == 200; }));
}

BOOST_AUTO_TEST_CASE(only_get_and_head_are_known) {
    expect_allow(api().options("/metrics"), {"GET", "HEAD", "OPTIONS"});
    expect_problem(api().post("/metrics", ""), 405);
    expect_problem(api().get("/metrics/"), 404);
    BOOST_TEST(api().head("/metrics").status == 200);
}
