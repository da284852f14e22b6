// contract.md: X-Cache and freshness of records, priming and invalidation, POST /cache/clear, the
// `cached` flag of an item. Lists are in lists.cpp, lifetimes in expiry.cpp.
#define BOOST_TEST_MODULE caching
#include "fixture.hpp"

#include <algorithm>

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

std::string x_cache(const std::string& path) {
    const auto response = api().get(path);
    BOOST_TEST(response.status == 200);
    return response.header("X-Cache");
}

void clear_caches() {
    BOOST_TEST(expect_json(api().post("/cache/clear", ""), 200) == R"({"ok": true})"_json);
}

struct Sample {
    const char* collection;
    std::string body;
    std::string change;
};

const Sample primed[] = {{"/employees", employee("A"), R"({"salary": 1})"},
                         {"/items", R"({"a": 0})", R"({"a": 1})"}};
const Sample products = {"/products", product("A"), R"({"price": 1})"};
const Sample all[] = {primed[0], primed[1], products};

}  // namespace

BOOST_AUTO_TEST_CASE(a_miss_and_then_hits) {
    for (const auto& sample : all) {
        const auto path = path_of(sample.collection, create(sample.collection, sample.body));
        clear_caches();
        BOOST_TEST(x_cache(path) == "MISS");
        for (int i = 0; i < 5; ++i) BOOST_TEST(x_cache(path) == "HIT");
        BOOST_TEST(api().head(path).header("X-Cache") == "HIT");
    }
}

BOOST_AUTO_TEST_CASE(employees_and_items_are_primed_by_writes) {
    for (const auto& sample : primed) {
        const auto path = path_of(sample.collection, create(sample.collection, sample.body));
        BOOST_TEST(x_cache(path) == "HIT");
        BOOST_TEST(api().put(path, sample.change).status == 200);
        BOOST_TEST(x_cache(path) == "HIT");
        BOOST_TEST(api().patch(path, sample.change).status == 200);
        BOOST_TEST(x_cache(path) == "HIT");
        BOOST_TEST(api().put(path, "{}").status == 200);
        BOOST_TEST(x_cache(path) == "HIT");
    }
}

// Seed 002: a write invalidates, the next read is a miss, the one after that a hit.
BOOST_AUTO_TEST_CASE(products_are_invalidated_by_writes) {
    const auto path = path_of("/products", create("/products", products.body));
    const auto a_miss_and_then_a_hit = [&] {
        BOOST_TEST(x_cache(path) == "MISS");
        BOOST_TEST(x_cache(path) == "HIT");
        BOOST_TEST(x_cache(path) == "HIT");
    };
    a_miss_and_then_a_hit();
    BOOST_TEST(api().put(path, products.change).status == 200);
    a_miss_and_then_a_hit();
    BOOST_TEST(api().patch(path, R"({"price": 2})").status == 200);
    a_miss_and_then_a_hit();
}

BOOST_AUTO_TEST_CASE(a_cached_record_is_the_same_byte_by_byte) {
    for (const auto& sample : all) {
        const auto created = api().post(sample.collection, sample.body);
        const auto path = path_of(sample.collection, expect_json(created, 201));
        clear_caches();
        const auto uncached = api().get(path);
        const auto cached = api().get(path);
        BOOST_TEST(uncached.header("X-Cache") == "MISS");
        BOOST_TEST(cached.header("X-Cache") == "HIT");
        if (sample.collection != std::string_view("/items")) {
            BOOST_TEST(uncached.body == created.body);
            BOOST_TEST(cached.body == created.body);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_flag_of_an_item_says_where_it_came_from) {
    const auto item = create("/items", R"({"cached": "mine"})");
    const auto path = path_of("/items", item);
    for (const auto* flag : {"false", "true", "true"}) {
        if (flag == std::string_view("false")) clear_caches();
        const auto response = api().get(path);
        const auto got = expect_json(response, 200);
        BOOST_TEST(got["cached"].is(Json::Kind::boolean));
        BOOST_TEST(got["cached"].text() == flag);
        BOOST_TEST((response.header("X-Cache") == "HIT") == (got["cached"].text() == "true"));
        BOOST_TEST(got["item"] == item);
        BOOST_TEST(got.size() == 2U);
    }
}

BOOST_AUTO_TEST_CASE(a_record_is_fresh_after_every_write) {
    for (const auto& sample : all) {
        const auto path = path_of(sample.collection, create(sample.collection, sample.body));
        const auto* member = sample.collection == std::string_view("/items")      ? "a"
                             : sample.collection == std::string_view("/products") ? "price"
                                                                                  : "salary";
        for (int i = 0; i < 60; ++i) {
            const auto value = std::to_string(i);
            const auto body = "{\"" + std::string(member) + "\": " + value + '}';
            const auto written = i % 2 == 0 ? api().put(path, body) : api().patch(path, body);
            BOOST_TEST(written.status == 200);
            for (int read = 0; read < 3; ++read) {
                const auto got = expect_json(api().get(path), 200);
                const auto& record = got.contains("item") ? got["item"] : got;
                BOOST_TEST(record[member].number() == value);
            }
        }
        BOOST_TEST(api().del(path).status / 100 == 2);
        for (int read = 0; read < 3; ++read) expect_problem(api().get(path), 404);
    }
}

// Many readers that fill the cache while one client writes: its own reads must see its writes.
BOOST_AUTO_TEST_CASE(a_record_is_fresh_while_others_read_it) {
    for (const auto& sample : all) {
        const auto path = path_of(sample.collection, create(sample.collection, sample.body));
        std::atomic<bool> done = false;
        const auto stale = in_parallel(5, [&](std::size_t i) {
            int count = 0;
            if (i != 0) {
                while (!done) count += api().get(path).status == 200 ? 0 : 1;
                return count;
            }
            for (int round = 0; round < 300; ++round) {
                const auto text = "1" + std::to_string(round) + ".25";
                const auto member = sample.change.substr(0, sample.change.find(' ') + 1);
                const auto written = api().put(path, member + text + '}');
                const auto got = api().get(path);
                count += written.status == 200 && got.body.contains(text) ? 0 : 1;
                if (round % 50 == 0) (void)api().post("/cache/clear", "");
            }
            done = true;
            return count;
        });
        BOOST_TEST_CONTEXT(sample.collection) {
            for (const int count : stale) BOOST_TEST(count == 0);
        }
    }
}

BOOST_AUTO_TEST_CASE(clear_empties_every_cache_of_every_resource) {
    std::vector<std::string> paths = {"/employees", "/products", "/items", "/employees/high-salary",
                                      "/employees/top2-by-department"};
    for (const auto& sample : all) {
        paths.push_back(path_of(sample.collection, create(sample.collection, sample.body)));
    }
    for (int round = 0; round < 2; ++round) {
        for (const auto& path : paths) {
            BOOST_TEST_CONTEXT(path) {
                (void)x_cache(path);
                BOOST_TEST(x_cache(path) == "HIT");
            }
        }
        clear_caches();
        for (const auto& path : paths) {
            BOOST_TEST_CONTEXT(path) { BOOST_TEST(x_cache(path) == "MISS"); }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_record_that_is_not_there_is_not_remembered) {
    const auto next = create("/employees", employee("A"));
    const auto path = "/employees/" + std::to_string(std::stol(next["id"].number()) + 1);
    for (int i = 0; i < 3; ++i) expect_problem(api().get(path), 404);
    const auto record = create("/employees", employee("B"));
    BOOST_TEST(path_of("/employees", record) == path);
    BOOST_TEST(expect_json(api().get(path), 200) == record);
}

BOOST_AUTO_TEST_CASE(many_records_at_once) {
    std::vector<Json> records;
    for (int i = 0; i < 40; ++i) records.push_back(create("/products", product(unique_text("P"))));
    for (int round = 0; round < 3; ++round) {
        const auto wrong = in_parallel(8, [&](std::size_t worker) {
            int count = 0;
            for (std::size_t i = 0; i < records.size(); ++i) {
                const auto& record = records[(i * (worker + 1)) % records.size()];
                const auto got = api().get(path_of("/products", record));
                count += got.status == 200 && Json::parse(got.body) == record ? 0 : 1;
            }
            return count;
        });
        BOOST_TEST(std::ranges::count(wrong, 0) == 8);
    }
}
