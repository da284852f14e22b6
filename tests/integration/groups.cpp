// Writes that come together share a transaction; to a client each is as if it were alone.
#define BOOST_TEST_MODULE groups
#include "open_transaction.hpp"

#include <set>
#include <thread>

using namespace larder::test;
using namespace std::chrono_literals;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

constexpr std::size_t many = 48;

std::string price(std::size_t number) { return R"({"price": )" + std::to_string(number) + ".25}"; }

std::vector<std::string> make_products(std::size_t count) {
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < count; ++i) {
        paths.push_back(path_of("/products", create("/products", product("Grouped"))));
    }
    return paths;
}

}  // namespace

BOOST_AUTO_TEST_CASE(writes_that_come_together_share_transactions) {
    const auto paths = make_products(many);
    const auto answers =
        in_parallel(many, [&](std::size_t i) { return api().put(paths[i], price(i)); });
    for (std::size_t i = 0; i < many; ++i) {
        const auto record = expect_json(answers[i], 200);
        BOOST_TEST(record["price"].text() == std::to_string(i) + ".25");
        BOOST_TEST(expect_json(api().get(paths[i]), 200) == record);
    }
    const auto transactions = std::stoul(stack().database().value(
        "SELECT count(DISTINCT xmin::text) FROM products WHERE name = 'Grouped'"));
    BOOST_TEST(transactions < many);
}

BOOST_AUTO_TEST_CASE(creates_that_come_together_get_their_own_records) {
    const auto answers = in_parallel(many, [&](std::size_t i) {
        const auto number = std::to_string(i);
        return i % 2 == 0 ? api().post("/employees", employee("N" + number))
                          : api().post("/items", R"({"n": )" + number + '}');
    });
    std::set<std::string> locations;
    for (std::size_t i = 0; i < many; ++i) {
        const auto record = expect_json(answers[i], 201);
        const auto number = std::to_string(i);
        BOOST_TEST(
            (i % 2 == 0 ? record["name"].string() == "N" + number : record["n"].text() == number));
        const auto location = answers[i].header("Location");
        BOOST_TEST(locations.insert(location).second);
        const auto read = api().get(location);
        BOOST_TEST(read.header("X-Cache") == "HIT");
        BOOST_TEST(read.header("ETag") == answers[i].header("ETag"));
    }
}

BOOST_AUTO_TEST_CASE(one_that_is_refused_or_absent_does_not_touch_the_others) {
    const auto answers = in_parallel(many, [&](std::size_t i) {
        if (i % 8 == 3) return api().post("/items", R"({"n": 1e200000})");
        if (i % 8 == 5) return api().put("/items/" + std::string(unknown_uuid), R"({"n": 1})");
        if (i % 8 == 7) return api().del("/items/" + std::string(unknown_uuid));
        return api().post("/items", R"({"n": 1})");
    });
    for (std::size_t i = 0; i < many; ++i) {
        const int expected = i % 8 == 3 ? 422 : i % 8 == 5 || i % 8 == 7 ? 404 : 201;
        BOOST_TEST_CONTEXT(i << ": " << answers[i].body) {
            BOOST_TEST(answers[i].status == expected);
        }
    }
}

BOOST_AUTO_TEST_CASE(writes_to_one_record_are_answered_with_what_each_wrote) {
    for (const auto* collection : {"/items", "/products"}) {
        const auto path = path_of(collection, create(collection, product("One")));
        const auto answers =
            in_parallel(many, [&](std::size_t i) { return api().put(path, price(i)); });
        std::set<std::string> versions;
        for (std::size_t i = 0; i < many; ++i) {
            BOOST_TEST(expect_json(answers[i], 200)["price"].text() == std::to_string(i) + ".25");
            versions.insert(answers[i].header("ETag"));
        }
        const auto current = api().get(path).header("ETag");
        BOOST_TEST(versions.contains(current));
        BOOST_TEST(api().post("/cache/clear", "").status == 200);
        BOOST_TEST(api().get(path).header("ETag") == current);
    }
}

BOOST_AUTO_TEST_CASE(removals_and_changes_of_one_record_agree_on_an_order) {
    const auto path = path_of("/items", create("/items", "{}"));
    const auto answers = in_parallel(many, [&](std::size_t i) {
        return i % 4 == 0 ? api().del(path) : api().put(path, R"({"a": 1})");
    });
    int removed = 0;
    for (std::size_t i = 0; i < many; ++i) {
        BOOST_TEST((answers[i].status == 200 || answers[i].status == 404));
        if (i % 4 == 0 && answers[i].status == 200) ++removed;
    }
    BOOST_TEST(removed == 1);
    BOOST_TEST(api().get(path).status == 404);
}

BOOST_AUTO_TEST_CASE(a_locked_row_holds_up_nobody_else) {
    const auto record = create("/products", product("Locked"));
    OpenTransaction lock("UPDATE products SET id = id WHERE id::text = $1",
                         {record["id"].string()});
    std::jthread waiting([&] {
        const auto answer = api().put(path_of("/products", record), price(7));
        BOOST_TEST(answer.status == 200);
    });
    const auto paths = make_products(many);
    for (int round = 0; round < 3; ++round) {
        const auto answers =
            in_parallel(many, [&](std::size_t i) { return api().put(paths[i], price(i)); });
        for (const auto& answer : answers) BOOST_TEST(answer.status == 200);
    }
    BOOST_TEST(api().get(path_of("/products", record)).body.contains("24.99"));
    lock.release();
    waiting.join();
    BOOST_TEST(api().get(path_of("/products", record)).body.contains("7.25"));
}
