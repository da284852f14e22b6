// What was exported is imported as the same, as CSV and as NDJSON, for tables of random
// descriptions with random rows.
//
//     larder-tests-bulk_tables -- --tables 50 --seed 7
#define BOOST_TEST_MODULE bulk_tables
#include <fmt/format.h>

#include <memory>
#include <random>
#include <string>
#include <utility>

#include "fixture.hpp"
#include "plan/described.hpp"
#include "plan/schema_bench.hpp"
#include "plan/side.hpp"

using namespace larder::test;

namespace {

constexpr int rows = 60;
constexpr int most_steps = 12;

/// Its feed would not know the tables.
struct WithoutFeed : SharedStack {
    WithoutFeed() : SharedStack({{"LARDER_FEED", "/nonexistent"}, {"WORKERS", "1"}}) {}
};

/// A description of some steps of the generator, without references: what they lead to would have
/// to be there first.
Described random_description(std::mt19937& random, unsigned seed) {
    DescribedAll all = {new_description(random, fmt::format("table{}", seed))};
    for (int step = roll(random, 1, most_steps); step > 0; --step) {
        Described next = evolve(random, all, [](const Described&) {
                             return std::vector<std::string>();
                         }).description;
        std::erase_if(next.fields, [](const auto& field) { return field.type == "reference"; });
        all.front() = std::move(next);
    }
    return all.front();
}

/// A table of a random description, with a worker and an nginx of its own.
class RandomTable {
public:
    explicit RandomTable(unsigned seed)
        : random_(seed), description_(random_description(random_, seed)) {
        bench_.database().query("SET TimeZone = 'UTC'");
        bench_.describe(description_.name, description_.toml());
        bench_.apply();
        side_ = std::make_unique<Side>(bench_.directory() / "resources");
        for (int serial = 1; serial <= rows; ++serial) add(serial);
    }
    ~RandomTable() {
        side_.reset();
        (void)run({"psql", "-Xq", "-d", stack().status().at("database_url"), "-c",
                   "DROP TABLE IF EXISTS \"" + description_.name + "\" CASCADE"});
    }
    RandomTable(const RandomTable&) = delete;
    RandomTable& operator=(const RandomTable&) = delete;

    /// Fails the test case unless all is as before.
    void export_and_import(const std::string& type) {
        const HeaderLines accept = {"Accept: " + type};
        const auto exported = side_->client().get(path(), accept);
        BOOST_REQUIRE(exported.status == 200);
        const auto before = content();
        bench_.run_sql("TRUNCATE \"" + description_.name + "\"");
        BOOST_REQUIRE(side_->client().post("/cache/clear", "").status == 200);
        const auto imported =
            side_->client().post(path(), exported.body, {"Content-Type: " + type});
        BOOST_REQUIRE_MESSAGE(imported.status == 200, imported.body);
        BOOST_TEST(Json::parse(imported.body)["created"].text() == std::to_string(rows),
                   imported.body);
        BOOST_TEST((content() == before));
        BOOST_TEST((side_->client().get(path(), accept).body == exported.body));
    }

    [[nodiscard]] std::string toml() const { return description_.toml(); }

private:
    [[nodiscard]] std::string path() const { return "/" + description_.name; }

    void add(int serial) {
        std::string body;
        for (const DescribedField& field : description_.fields) {
            if (field.is_optional && chance(random_, 20)) continue;
            const bool is_null = field.is_optional && chance(random_, 20);
            const auto no_id = [](const std::string&) { return std::string("null"); };
            body += fmt::format("{}\"{}\":{}", body.empty() ? "" : ",", field.name,
                                is_null ? "null" : field.value(random_, serial, no_id));
        }
        const auto created = side_->client().post(path(), "{" + body + "}");
        BOOST_REQUIRE_MESSAGE(created.status == 201, body << ": " << created.body);
    }

    std::string content() {
        return bench_.database().value(
            "SELECT string_agg(t::text, E'\\n' ORDER BY id::text) FROM"
            " \"" +
            description_.name + "\" AS t");
    }

    std::mt19937 random_;
    Described description_;
    SchemaBench bench_;
    std::unique_ptr<Side> side_;
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(WithoutFeed);

BOOST_AUTO_TEST_CASE(what_was_exported_is_imported_as_the_same) {
    const int tables = argument("--tables", 4);
    const int seed = argument("--seed", 1);
    for (int i = 0; i < tables; ++i) {
        const auto one = static_cast<unsigned>(seed + i);
        BOOST_TEST_CONTEXT("table with --tables 1 --seed " << one) {
            RandomTable table(one);
            BOOST_TEST_INFO_SCOPE(table.toml());
            for (const std::string type : {"text/csv", "application/x-ndjson"}) {
                BOOST_TEST_CONTEXT(type) { table.export_and_import(type); }
            }
        }
    }
}
