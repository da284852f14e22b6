// Two hosts that share one PostgreSQL and one Redis: what the removal of a record removes and
// clears on one of them is gone on the other.
#define BOOST_TEST_MODULE removals_hosts
#include <algorithm>

#include "invoicing.hpp"

using namespace larder::test;
using namespace larder::test::invoicing;

namespace {

struct TwoHosts : ReferencesStack {
    TwoHosts()
        : other({{"DATABASE_URL", stack().status().at("database_url")},
                 {"REDIS_URL", stack().status().at("redis_url")},
                 {"RESOURCES_DIR", resources()},
                 {"LARDER_SQL", sql()}}) {
        other_ = &other;
        BOOST_TEST_REQUIRE(eventually(
            [this] { return feed_follows(stack().client()) && feed_follows(other.client()); }));
    }
    static const Client& there() { return other_->client(); }

private:
    static inline Stack* other_ = nullptr;
    Stack other;
};

const Client& there() { return TwoHosts::there(); }

/// Everything of a family is in the caches of both hosts.
void warm_both(const Family& family) {
    family.warm_all();
    for (const auto& path : family.removed()) BOOST_TEST(gets_cached(path, there()));
    for (const auto& path : family.cleared()) BOOST_TEST(gets_cached(path, there()));
    for (const auto* list : {"/customers", "/invoices", "/lines", "/notes"}) {
        BOOST_TEST(gets_cached(list, there()));
    }
}

bool lists_follow(const Family& family) {
    return eventually([&] {
        return !there().get("/lines").body.contains(family.first_line["id"].text()) &&
               !there().get("/customers").body.contains(family.customer["id"].text()) &&
               !there().get("/notes").body.contains(family.customer["id"].text());
    });
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(TwoHosts);

BOOST_AUTO_TEST_CASE(records_are_gone_on_the_other_host_at_once) {
    for (int i = 0; i < 5; ++i) {
        const Family family;
        warm_both(family);
        BOOST_TEST(api().del(family.path()).status == 204);
        for (const auto& path : family.removed()) BOOST_TEST(there().get(path).status == 404, path);
        for (const auto& path : family.cleared()) {
            BOOST_TEST(there().get(path).body.contains(R"("line":null)"), path);
            BOOST_TEST(there().get(path).body.contains(R"("customer":null)"), path);
        }
        BOOST_TEST(lists_follow(family));
        family.expect_gone();
    }
}

BOOST_AUTO_TEST_CASE(what_is_too_much_for_a_fence_follows_by_the_feed) {
    const Family family;
    stack().database().query(
        "INSERT INTO lines (text, invoice) SELECT 'many', $1 FROM generate_series(1, 1500)",
        {family.first["id"].text()});
    warm_both(family);
    BOOST_TEST(api().del(family.path()).status == 204);
    BOOST_TEST(eventually([&] {
        return std::ranges::all_of(family.removed(), [](const std::string& path) {
            return there().get(path).status == 404;
        });
    }));
    BOOST_TEST(lists_follow(family));
    family.expect_gone();
    // Both use Redis again, in the same epoch.
    const auto path = path_of("/customers", new_customer());
    BOOST_TEST(gets_cached(path));
    BOOST_TEST(gets_cached(path, there()));
    expect_json(api().put(path, R"({"name": "Bo"})"), 200);
    BOOST_TEST(there().get(path).body.contains("Bo"));
}
