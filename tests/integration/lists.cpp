// contract.md: lists: X-Cache said by nginx, freshness after every kind of write, and ?limit=.
#define BOOST_TEST_MODULE lists
#include <filesystem>
#include <fstream>
#include <thread>

#include "open_transaction.hpp"
#include "scrape.hpp"

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

const std::string employee_lists[] = {"/employees", "/employees/high-salary",
                                      "/employees/top2-by-department"};

Json records_in(const Response& response) {
    const auto body = expect_json(response, 200);
    return body.contains("items") ? body["items"] : body;
}

void expect_cached(const std::string& path) {
    for (int i = 0; i < 3; ++i) BOOST_TEST(api().get(path).header("X-Cache") == "HIT");
}

/// After a write: first a miss, then hits, every time with the state that `holds` describes.
template <typename Predicate>
void expect_fresh(const std::string& path, Predicate holds) {
    BOOST_TEST_CONTEXT(path) {
        for (const auto* state : {"MISS", "HIT", "HIT"}) {
            const auto response = api().get(path);
            BOOST_TEST(response.header("X-Cache") == state);
            BOOST_TEST(holds(records_in(response)));
        }
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE(lists_are_cached) {
    for (const auto* path : {"/employees", "/employees/high-salary",
                             "/employees/top2-by-department", "/products", "/items"}) {
        BOOST_TEST_CONTEXT(path) {
            BOOST_TEST(api().post("/cache/clear", "").status == 200);
            const auto first = api().get(path);
            BOOST_TEST(first.header("X-Cache") == "MISS");
            const auto second = api().get(path);
            BOOST_TEST(second.header("X-Cache") == "HIT");
            BOOST_TEST(records_in(second) == records_in(first));
            expect_cached(path);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_list_that_is_kept_as_a_file_is_answered_as_by_a_worker) {
    const std::filesystem::path run = stack().status().at("run_dir");
    for (const auto* name : {"employees", "items"}) {
        BOOST_TEST(api().post("/cache/clear", "").status == 200);
        const auto path = std::string("/") + name;
        const auto first = api().get(path);
        const auto file = run / (std::string(name) + ".list") / "list";
        BOOST_TEST_REQUIRE(eventually([&] { return std::filesystem::exists(file); }));
        for (const HeaderLines& headers :
             {HeaderLines{}, HeaderLines{"Range: bytes=0-1"},
              HeaderLines{"If-Modified-Since: Fri, 31 Dec 2100 23:59:59 GMT"},
              HeaderLines{"Content-Length: 0"}}) {
            const auto kept = api().get(path, headers);
            BOOST_TEST(kept.status == 200);
            BOOST_TEST(kept.header("X-Cache") == "HIT");
            BOOST_TEST(kept.header("Content-Type") == first.header("Content-Type"));
            for (const auto* absent : {"Last-Modified", "ETag", "Accept-Ranges"}) {
                BOOST_TEST(kept.header(absent) == first.header(absent));
            }
            BOOST_TEST(records_in(kept) == records_in(first));
        }
        expect_problem(api().get(path, {"If-Match: \"x\""}), 412);
        const auto head = api().head(path);
        BOOST_TEST(head.status == 200);
        BOOST_TEST(head.header("X-Cache") == "HIT");
        BOOST_TEST(head.header("Content-Length") ==
                   std::to_string(std::filesystem::file_size(file)));
        BOOST_TEST(api().options(path).header("Allow") == "GET, HEAD, POST, OPTIONS");
        std::ofstream(file) << "[]";  // it is this file indeed
        BOOST_TEST(api().get(path).body == "[]");
        BOOST_TEST(api().get(path + "?limit=1").body != "[]");
        BOOST_TEST(api().get(path + "?x=1").body != "[]");
        BOOST_TEST(api().post("/cache/clear", "").status == 200);
        BOOST_TEST(records_in(api().get(path)) == records_in(first));
    }
}

BOOST_AUTO_TEST_CASE(employee_lists_are_fresh_after_every_kind_of_write) {
    const auto department = unique_text("D");
    Json record;
    const auto is_listed = [&](const Json& records) {
        return with_id(records, record["id"]) == record;
    };
    const auto is_not_listed = [&](const Json& records) {
        return with_id(records, record["id"]).is(Json::Kind::missing);
    };
    for (const auto& path : employee_lists) BOOST_TEST(api().get(path).status == 200);

    record = create("/employees", employee("A", "200000", department));
    for (const auto& path : employee_lists) expect_fresh(path, is_listed);
    const auto path = path_of("/employees", record);
    record = expect_json(api().put(path, R"({"salary": 300000})"), 200);
    for (const auto& list : employee_lists) expect_fresh(list, is_listed);
    record = expect_json(api().patch(path, R"({"salary": 300000.5})"), 200);
    for (const auto& list : employee_lists) expect_fresh(list, is_listed);
    record = expect_json(api().put(path, R"({"salary": 5})"), 200);
    expect_fresh("/employees", is_listed);
    expect_fresh("/employees/high-salary", is_not_listed);
    expect_fresh("/employees/top2-by-department", is_listed);
    BOOST_TEST(api().del(path).status == 200);
    expect_fresh("/employees", is_not_listed);
    expect_fresh("/employees/top2-by-department", is_not_listed);
    // Those with a high salary are the same as before.
    expect_cached("/employees/high-salary");
    BOOST_TEST(is_not_listed(records_in(api().get("/employees/high-salary"))));
}

BOOST_AUTO_TEST_CASE(product_and_item_lists_are_fresh_after_every_kind_of_write) {
    const std::pair<std::string, std::string> collections[] = {{"/products", product("A")},
                                                               {"/items", R"({"price": 24.99})"}};
    for (const auto& [collection, body] : collections) {
        Json record;
        const auto is_listed = [&](const Json& records) {
            return with_id(records, record["id"]) == record;
        };
        BOOST_TEST(api().get(collection).status == 200);
        record = create(collection, body);
        expect_fresh(collection, is_listed);
        const auto path = path_of(collection, record);
        record = expect_json(api().put(path, R"({"price": 1.10})"), 200);
        expect_fresh(collection, is_listed);
        record = expect_json(api().patch(path, R"({"price": 2.20})"), 200);
        expect_fresh(collection, is_listed);
        BOOST_TEST(api().del(path).status / 100 == 2);
        expect_fresh(collection, [&](const Json& records) {
            return with_id(records, record["id"]).is(Json::Kind::missing);
        });
    }
}

BOOST_AUTO_TEST_CASE(a_write_leaves_the_lists_of_other_collections_alone) {
    for (const auto* path : {"/products", "/items"}) {
        BOOST_TEST(api().get(path).status == 200);
        expect_cached(path);
    }
    create("/employees", employee("A"));
    for (const auto* path : {"/products", "/items"}) expect_cached(path);
}

BOOST_AUTO_TEST_CASE(a_refused_write_does_not_matter) {
    const auto before = records_in(api().get("/employees"));
    expect_problem(api().post("/employees", "{}"), 422, {"/name", "/salary", "/department"});
    expect_problem(api().del("/employees/999999999"), 404);
    for (int i = 0; i < 3; ++i) BOOST_TEST(records_in(api().get("/employees")) == before);
}

BOOST_AUTO_TEST_CASE(the_flag_of_the_items_agrees_with_x_cache) {
    for (int round = 0; round < 2; ++round) {
        create("/items", "{}");
        for (int i = 0; i < 4; ++i) {
            const auto response = api().get("/items");
            const auto flag = expect_json(response, 200)["cached"].text();
            BOOST_TEST(response.header("X-Cache") == (i == 0 ? "MISS" : "HIT"));
            BOOST_TEST(flag == (i == 0 ? "false" : "true"));
        }
    }
}

BOOST_AUTO_TEST_CASE(limit) {
    for (int i = 0; i < 4; ++i) create("/employees", employee("A"));
    const auto all = records_in(api().get("/employees"));
    const auto two = records_in(api().get("/employees?limit=2"));
    BOOST_TEST(two.size() == 2U);
    BOOST_TEST(two.element(0) == all.element(0));
    BOOST_TEST(two.element(1) == all.element(1));
    BOOST_TEST(records_in(api().get("/employees?limit=1000000")) == all);
    BOOST_TEST(records_in(api().get("/products?limit=1")).size() == 1U);
    create("/items", "{}");
    BOOST_TEST(records_in(api().get("/items?limit=1")).size() == 1U);
    BOOST_TEST(records_in(api().get("/employees/high-salary?limit=1")).size() <= 1U);
    for (const auto* wrong : {"0", "-1", "1000001", "abc", "1.5", "99999999999999999999", "%00"}) {
        BOOST_TEST_CONTEXT(wrong) {
            const auto response = api().get("/employees?limit=" + std::string(wrong));
            BOOST_TEST(response.status / 100 == 4);
            BOOST_TEST(response.header("Content-Type").starts_with("application/problem+json"));
        }
    }
}

BOOST_AUTO_TEST_CASE(limited_lists_are_cached_apart_and_fresh) {
    const auto path = std::string("/employees?limit=1000000");
    BOOST_TEST(api().get(path).status == 200);
    expect_cached(path);
    BOOST_TEST(records_in(api().get("/employees?limit=1")).size() == 1U);
    BOOST_TEST(records_in(api().get(path)).size() > 1U);
    const auto record = create("/employees", employee("A"));
    expect_fresh(path,
                 [&](const Json& records) { return with_id(records, record["id"]) == record; });
}

// Many readers that fill nginx's cache while one client writes: its own reads must see its writes.
BOOST_AUTO_TEST_CASE(a_list_is_fresh_while_others_read_it) {
    const std::pair<std::string, std::string> collections[] = {
        {"/employees", employee("A")}, {"/products", product("A")}, {"/items", R"({"name": "A"})"}};
    for (const auto& [collection, body] : collections) {
        const auto path = path_of(collection, create(collection, body));
        std::atomic<bool> done = false;
        const auto failures = in_parallel(5, [&](std::size_t i) {
            int count = 0;
            if (i != 0) {
                while (!done) count += api().get(collection).status == 200 ? 0 : 1;
                return count;
            }
            for (int round = 0; round < 200; ++round) {
                const auto name = unique_text("name") + '.';
                const auto written = api().put(path, R"({"name": ")" + name + "\"}");
                const auto list = api().get(collection);
                count += written.status == 200 && list.body.contains(name) ? 0 : 1;
            }
            done = true;
            return count;
        });
        BOOST_TEST_CONTEXT(collection) {
            for (const int count : failures) BOOST_TEST(count == 0);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_list_that_could_not_be_read_leaves_nothing_behind) {
    const Stack own(Environment{{"WORKERS", "1"}, {"STORE_THREADS", "1"}});
    own.database().query("ALTER TABLE items RENAME COLUMN id TO away");
    for (const auto* path : {"/items", "/items?limit=1"}) {
        expect_problem(own.client().get(path), 500);
    }
    own.database().query("ALTER TABLE items RENAME COLUMN away TO id");
    for (const auto* path : {"/items", "/items?limit=1", "/health"}) {
        BOOST_TEST(own.client().get(path).status == 200);
    }
}

BOOST_AUTO_TEST_CASE(who_asks_for_a_list_that_is_being_read_shares_the_next_read) {
    constexpr std::size_t many = 20;
    const Stack own(Environment{{"WORKERS", "1"}});
    const Client& client = own.client();
    const auto long_text = R"({"text": ")" + std::string(300000, 'x') + "\"}";
    for (const auto& body : {std::string("{}"), long_text}) {
        (void)expect_json(client.post("/items", body), 201);
        OpenTransaction locked("LOCK TABLE items IN ACCESS EXCLUSIVE MODE", {}, own);
        const auto reads_at_work = [&] {
            return own.database().value(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'items'::regclass");
        };
        Response first;
        std::vector<Response> others;
        std::thread first_reader([&] { first = client.get("/items"); });
        BOOST_TEST(eventually([&] { return reads_at_work() == "1"; }));
        std::thread other_readers(
            [&] { others = in_parallel(many, [&](std::size_t) { return client.get("/items"); }); });
        BOOST_TEST(
            eventually([&] { return Scrape::of(client)["larder_store_queue_requests"] == many; }));
        BOOST_TEST(reads_at_work() == "1");
        locked.release();
        first_reader.join();
        other_readers.join();
        for (const auto& other : others) BOOST_TEST(records_in(other) == records_in(first));
        BOOST_TEST(first.body.contains(body.substr(1, body.size() - 2)));
    }
}
