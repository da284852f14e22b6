// What the removal of a record does to those that refer to it, seen by readers that have everything
// in their caches.
#define BOOST_TEST_MODULE removals
#include <signal.h>

#include <algorithm>
#include <atomic>

#include "invoicing.hpp"
#include "open_transaction.hpp"

using namespace larder::test;
using namespace larder::test::invoicing;

BOOST_TEST_GLOBAL_FIXTURE(ReferencesStack);

BOOST_AUTO_TEST_CASE(a_removal_removes_and_clears_what_refers_to_it) {
    for (int i = 0; i < 3; ++i) {
        const Family family;
        const Family other;
        family.warm_all();
        BOOST_TEST(api().del(family.path()).status == 204);
        family.expect_gone();
        other.expect_whole();
    }
    // One level at a time, and what nothing refers to.
    const Family family;
    family.warm_all();
    BOOST_TEST(api().del(path_of("/lines", family.second_line)).status == 204);
    BOOST_TEST(expect_json(api().get(family.cleared()[1]), 200)["line"].is(Json::Kind::null));
    BOOST_TEST(api().del(path_of("/invoices", family.second)).status == 204);
    BOOST_TEST(api().del(family.path()).status == 204);
    BOOST_TEST(api().get(path_of("/lines", family.first_line)).status == 404);
    expect_problem(api().del(family.path()), 404);
    // What is cleared may refer to the same resource.
    const Json root = create("/nodes", R"({"text": "root"})");
    const Json leaf = create("/nodes", R"({"text": "leaf", "parent": )" + quoted(root["id"]) + '}');
    const auto path = path_of("/nodes", leaf);
    warm(path);
    warm("/nodes");
    BOOST_TEST(api().del(path_of("/nodes", root)).status == 204);
    BOOST_TEST(expect_json(api().get(path), 200)["parent"].is(Json::Kind::null));
    BOOST_TEST(
        with_id(expect_json(api().get("/nodes"), 200), leaf["id"])["parent"].is(Json::Kind::null));
}

BOOST_AUTO_TEST_CASE(what_is_restricted_stays_with_all_that_refers_to_it) {
    const Family family;
    family.warm_all();
    const Json other = new_customer();
    const Json contract =
        create("/contracts", R"({"customer": )" + quoted(other["id"]) + R"(, "invoice": )" +
                                 quoted(family.first["id"]) + '}');
    // A contract with one of its invoices is below it.
    const Json problem = expect_problem(api().del(family.path()), 409);
    BOOST_TEST(problem["detail"].text() == "Other records refer to this one.");
    expect_problem(api().del(path_of("/invoices", family.first)), 409);
    family.expect_whole();
    // This foreign key is looked at in COMMIT, of a removal that changes other records.
    expect_problem(api().del(path_of("/customers", other)), 409);
    BOOST_TEST(api().get(path_of("/customers", other)).status == 200);
    // What goes with the removal does not hold it up.
    const Json second_line =
        create("/lines", R"({"text": "t", "invoice": )" + quoted(family.second["id"]) +
                             R"(, "also": )" + quoted(family.customer["id"]) + '}');
    BOOST_TEST(api().del(path_of("/contracts", contract)).status == 204);
    BOOST_TEST(api().del(family.path()).status == 204);
    BOOST_TEST(api().get(path_of("/lines", second_line)).status == 404);
    family.expect_gone();
}

BOOST_AUTO_TEST_CASE(preconditions_hold_for_a_removal_with_others) {
    const Family family;
    family.warm_all();
    expect_problem(api().del(family.path(), {R"(If-Match: "x")"}), 412);
    family.expect_whole();
    const auto tag = api().get(family.path()).header("ETag");
    expect_problem(api().del(family.path(), {"If-None-Match: " + tag}), 412);
    family.expect_whole();
    BOOST_TEST(api().del(family.path(), {"If-Match: " + tag}).status == 204);
    family.expect_gone();
}

BOOST_AUTO_TEST_CASE(a_removal_waits_for_locks_no_longer_than_other_writes) {
    const Family family;
    family.warm_all();
    {
        OpenTransaction elsewhere("SELECT FROM lines WHERE id = $1 FOR UPDATE",
                                  {family.first_line["id"].text()});
        const auto refused = api().del(family.path());
        expect_problem(refused, 503);
        BOOST_TEST(refused.has("Retry-After"));
        family.expect_whole();
        elsewhere.release();
    }
    BOOST_TEST(api().del(family.path()).status == 204);
    family.expect_gone();
}

BOOST_AUTO_TEST_CASE(children_that_come_while_their_parent_goes) {
    for (int round = 0; round < 5; ++round) {
        const Family family;
        family.warm_all();
        std::atomic<bool> is_gone = false;
        constexpr std::size_t writers = 6;
        const auto made = in_parallel(writers + 1, [&](std::size_t i) {
            std::vector<std::string> paths;
            if (i == writers) {
                // New children may keep their parent locked for longer than a removal waits.
                int status = 503;
                while (status == 503) status = api().del(family.path()).status;
                is_gone = true;
                paths.push_back(std::to_string(status));
                return paths;
            }
            while (!is_gone) {
                const auto answer = i % 2 == 0 ? api().post("/lines", line(family.first))
                                               : api().post("/invoices", invoice(family.customer));
                if (answer.status == 201) {
                    paths.push_back(answer.header("Location"));
                    static_cast<void>(api().get(paths.back()));
                    static_cast<void>(api().get("/lines"));
                    static_cast<void>(api().get("/invoices"));
                } else if (answer.status != 422 && answer.status != 503) {
                    paths.push_back("status " + std::to_string(answer.status));
                }
            }
            return paths;
        });
        BOOST_TEST(made[writers][0] == "204");
        const auto lines = api().get("/lines").body;
        for (std::size_t i = 0; i < writers; ++i) {
            for (const auto& path : made[i]) {
                BOOST_TEST(path.starts_with('/'), path);
                BOOST_TEST(api().get(path).status == 404, path);
                const auto id = path.substr(path.rfind('/') + 1);
                if (i % 2 == 0) BOOST_TEST(!lines.contains(id));
            }
        }
        family.expect_gone();
    }
    BOOST_TEST(count("lines WHERE invoice NOT IN (SELECT id FROM invoices)") == "0");
}

BOOST_AUTO_TEST_CASE(a_removal_while_redis_is_away) {
    const Family family;
    family.warm_all();
    stack().signal("redis", SIGSTOP);
    const auto status = api().del(family.path()).status;
    stack().signal("redis", SIGCONT);
    BOOST_TEST(status == 204);
    family.expect_gone();
    BOOST_TEST(eventually(
        [] { return Json::parse(api().get("/health").body)["redis"].text() == "connected"; }));
    for (const auto& one : family.removed()) BOOST_TEST(api().get(one).status == 404, one);
}

BOOST_AUTO_TEST_CASE(a_removal_of_more_records_than_are_fenced_one_by_one) {
    for (const int rows : {900, 1500, 5000}) {
        const Family family;
        BOOST_TEST_REQUIRE(eventually([] { return feed_follows(); }));
        stack().database().query(
            "INSERT INTO lines (text, invoice) SELECT 'many', $1 FROM generate_series(1, " +
                std::to_string(rows) + ")",
            {family.first["id"].text()});
        const auto some =
            stack().database().query("SELECT id FROM lines WHERE invoice = $1 ORDER BY id LIMIT 10",
                                     {family.first["id"].text()});
        BOOST_TEST(eventually([&] {
            return expect_json(api().get("/lines"), 200).size() >= static_cast<std::size_t>(rows);
        }));
        for (const auto& row : some) warm("/lines/" + row[0]);
        family.warm_all();
        const auto epoch = [] { return stack().redis().command({"GET", "larder:epoch"}); };
        const auto before = epoch();
        BOOST_TEST(api().del(family.path()).status == 204);
        for (const auto& row : some) BOOST_TEST(api().get("/lines/" + row[0]).status == 404);
        BOOST_TEST(!api().get("/lines").body.contains("many"));
        family.expect_gone();
        // Few are fenced one by one; after many, all records are cold, and Redis is used again.
        if (rows < 1000) {
            BOOST_TEST(epoch() == before);
        } else {
            BOOST_TEST(eventually([&] { return epoch() != before; }));
        }
        warm(path_of("/customers", new_customer()));
    }
}

BOOST_AUTO_TEST_CASE(a_removal_past_the_workers) {
    BOOST_TEST_REQUIRE(eventually([] { return feed_follows(); }));
    const Family family;
    family.warm_all();
    stack().database().query("DELETE FROM customers WHERE id = $1", {family.customer["id"].text()});
    BOOST_TEST(eventually([&] {
        return std::ranges::all_of(family.removed(),
                                   [](const auto& one) { return api().get(one).status == 404; }) &&
               std::ranges::all_of(family.cleared(), [](const auto& one) {
                   return api().get(one).body.contains("null,\"line\":null") ||
                          api().get(one).body.contains("\"line\":null}");
               });
    }));
    BOOST_TEST(eventually([&] { return !lists("/lines", family.first_line); }));
    family.expect_gone();
}
