// A new version goes live: a migration that both versions can work with, then the workers one after
// the other, then the feed. Meanwhile no request fails and no answer is stale, whichever version
// gives it; afterwards nothing of the former version is left in a cache.
#define BOOST_TEST_MODULE rolling
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>

#include "feed.hpp"
#include "under_load.hpp"

using namespace larder::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

void add_file(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::app) << text << '\n';
}

/// A copy of sql/ with what the next version brings.
fs::path migrations() {
    const auto directory = stack().directory() / "sql";
    fs::copy(source_directory() / "sql", directory, fs::copy_options::recursive);
    add_file(directory / "sqitch.plan",
             "colour [feed] 2026-01-01T00:00:00Z Test <test@localhost> # Colours of products");
    add_file(directory / "deploy" / "colour.sql",
             "ALTER TABLE public.products ADD COLUMN colour text"
             " CHECK (char_length(colour) BETWEEN 1 AND 40);");
    add_file(directory / "revert" / "colour.sql",
             "ALTER TABLE public.products DROP COLUMN colour;");
    add_file(directory / "verify" / "colour.sql",
             "SELECT colour FROM public.products WHERE false;");
    return directory;
}

/// The descriptions of the next version.
Environment next() {
    const auto directory = stack().directory() / "resources";
    if (!fs::exists(directory)) {
        fs::copy(source_directory() / "resources", directory);
        std::ofstream(directory / "products.toml") << R"(title = "Product"
id = "uuid"

[fields]
name = { type = "text", min = 1, max = 255 }
description = { type = "text", max = 10000, optional = true }
price = { type = "decimal", min = "0", digits = 12 }
stock_quantity = { type = "integer", min = 0, max = 2147483647 }
colour = { type = "text", min = 1, max = 40, optional = true }

[lists.coloured]
where = "colour IS NOT NULL"
)";
    }
    return {{"RESOURCES_DIR", directory}};
}

void succeeds(std::vector<std::string> command, const Environment& environment = next()) {
    const auto finished = stack().script(std::move(command), environment);
    BOOST_TEST(finished.status == 0, finished.output);
}

/// Only the next version knows the field.
bool next_version_answers() {
    const auto status = api()
                            .post("/products", R"({"name": "Painted", "price": 1,
        "stock_quantity": 1, "colour": "red"})")
                            .status;
    BOOST_TEST((status == 201 || status == 422));
    return status == 201;
}

bool former_version_answers() { return !next_version_answers(); }

/// With every product, as the version that answers has it.
void fill_caches() {
    const auto products = expect_json(api().get("/products"), 200);
    for (const auto& product : products.elements()) {
        BOOST_TEST(gets_cached(path_of("/products", product)));
    }
}

long without_colour(const Json& products) {
    return std::ranges::count_if(products.elements(),
                                 [](const Json& product) { return !product.contains("colour"); });
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_new_version_goes_live) {
    BOOST_TEST_REQUIRE(eventually([] { return feed_follows(); }));
    const auto sql = migrations();
    under_load([&] {
        succeeds({"migrate"}, {{"LARDER_SQL", sql}});
        BOOST_TEST(former_version_answers());
        fill_caches();

        succeeds({"restart-workers", "1"});
        BOOST_TEST(eventually(next_version_answers));
        BOOST_TEST(eventually(former_version_answers));
        std::this_thread::sleep_for(1s);
        BOOST_TEST(eventually(next_version_answers));
        BOOST_TEST(eventually(former_version_answers));

        succeeds({"restart-workers"});
        succeeds({"reload"});
        succeeds({"restart-feed"});
        BOOST_TEST(eventually([] { return feed_follows(); }));
    });
    for (int i = 0; i < 50; ++i) BOOST_TEST(next_version_answers());
    const auto products = expect_json(api().get("/products"), 200);
    BOOST_TEST(without_colour(products) == 0);
    for (const auto& product : products.elements()) {
        const auto one = expect_json(api().get(path_of("/products", product)), 200);
        BOOST_TEST(one.contains("colour"));
    }
    BOOST_TEST(
        eventually([] { return api().get("/products/coloured").header("X-Cache") == "HIT"; }));
    BOOST_TEST(expect_json(api().get("/products/coloured"), 200).size() >= 50U);
}

BOOST_AUTO_TEST_CASE(and_back_again_on_the_new_schema) {
    const Environment former;
    under_load([&] {
        succeeds({"restart-workers", "1"}, former);
        BOOST_TEST(eventually(next_version_answers));
        BOOST_TEST(eventually(former_version_answers));
        succeeds({"restart-workers"}, former);
        succeeds({"restart-feed"}, former);
    });
    for (int i = 0; i < 50; ++i) BOOST_TEST(former_version_answers());
}

// Everything that asks for the table queues up behind a migration that waits for its lock.
BOOST_AUTO_TEST_CASE(a_migration_waits_for_nobody_for_long) {
    const auto sql = stack().directory() / "sql";
    add_file(sql / "sqitch.plan",
             "weight [feed] 2026-01-02T00:00:00Z Test <test@localhost> # Weights of products");
    add_file(sql / "deploy" / "weight.sql",
             "ALTER TABLE public.products ADD COLUMN weight numeric;");
    add_file(sql / "revert" / "weight.sql", "ALTER TABLE public.products DROP COLUMN weight;");
    add_file(sql / "verify" / "weight.sql", "SELECT weight FROM public.products WHERE false;");
    auto reader = stack().database();
    reader.query("BEGIN");
    reader.query("SELECT count(*) FROM public.products");
    under_load([&] {
        auto migration = std::async(
            std::launch::async, [&] { return stack().script({"migrate"}, {{"LARDER_SQL", sql}}); });
        auto observer = stack().database();
        BOOST_TEST(eventually([&] {
            return observer
                       .query(
                           "SELECT FROM pg_locks WHERE mode = 'AccessExclusiveLock'"
                           " AND NOT granted")
                       .size() == 1U;
        }));
        BOOST_TEST(eventually([&] {
            return observer
                .query(
                    "SELECT FROM pg_locks WHERE mode = 'AccessExclusiveLock'"
                    " AND NOT granted")
                .empty();
        }));
        reader.query("COMMIT");
        const auto finished = migration.get();
        BOOST_TEST(finished.status == 0, finished.output);
    });
    BOOST_TEST(stack().database().query("SELECT weight FROM public.products WHERE false").empty());
}
