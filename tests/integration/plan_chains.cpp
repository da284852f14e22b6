// Random chains of changes of a description, on a table with rows. After each step every value that
// was not dropped by name is still there, what the old and the new worker write is taken between
// the phases, the plan is empty, and revert and deploy work again.
//
//     larder-tests-plan_chains -- --chains 100 --seed 7
#define BOOST_TEST_MODULE plan_chains
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>

#include "fixture.hpp"
#include "plan/described.hpp"
#include "plan/schema_bench.hpp"

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

constexpr int steps_of_a_chain = 10;

int argument(const std::string& name, int fallback) {
    const auto& suite = boost::unit_test::framework::master_test_suite();
    for (int i = 1; i + 1 < suite.argc; ++i) {
        if (suite.argv[i] == name) return std::atoi(suite.argv[i + 1]);
    }
    return fallback;
}

/// Values by column and id.
using Values = std::map<std::string, std::map<std::string, std::string>>;

std::string in_quotes(const std::string& name) { return '"' + name + '"'; }

class Chain {
public:
    explicit Chain(unsigned seed)
        : random_(seed), now_(new_description(random_, "chain" + std::to_string(seed))) {}

    void run() {
        bench_.describe(now_.name, now_.toml());
        bench_.apply();
        for (int i = 0; i < 5; ++i) insert(now_, now_);
        for (int step = 0; step < steps_of_a_chain; ++step) {
            const Evolved next = evolve(random_, now_, left_over());
            BOOST_TEST_INFO_SCOPE("step " << step << ": " << next.what);
            BOOST_TEST_INFO_SCOPE("before:\n" << now_.toml());
            BOOST_TEST_INFO_SCOPE("after:\n" << next.description.toml());
            take(next);
            now_ = next.description;
        }
        bench_.database().query("DROP TABLE " + in_quotes(now_.name));
    }

private:
    void take(const Evolved& next) {
        const auto before = values();
        bench_.describe(now_.name, next.description.toml());
        std::vector<std::string> arguments = {"plan"};
        for (const std::string& drop : next.drops) {
            arguments.emplace_back("--drop");
            arguments.push_back(drop);
        }
        const auto planned = bench_.schema(arguments);
        BOOST_REQUIRE_MESSAGE(planned.status != 1, planned.output);
        if (planned.status == 0) return;
        const auto changes = bench_.write(next.drops);
        for (const std::string& change : changes) {
            if (!is_expand(change)) write_side_by_side(next.description);
            run_script("deploy", change);
            run_script("verify", change);
        }
        write_side_by_side(next.description, changes.back());
        expect_nothing_left();
        expect_kept(before, values(), next.drops);
        revert_and_deploy_again(changes, next.drops);
        insert(next.description, next.description);
    }

    void revert_and_deploy_again(const std::vector<std::string>& changes,
                                 const std::vector<std::string>& drops) {
        const auto before = values();
        for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
            run_script("revert", *change);
        }
        const auto reverted = values();
        std::vector<std::string> without_values = drops;
        for (const auto& [column, ignored] : before) {
            if (!reverted.contains(column)) without_values.push_back(now_.name + '.' + column);
        }
        for (const std::string& change : changes) {
            run_script("deploy", change);
            run_script("deploy", change);  // as after an interruption
            run_script("verify", change);
        }
        expect_nothing_left();
        expect_kept(before, values(), without_values);
    }

    /// Between the phases workers of both descriptions write; after the last, only the new ones.
    void write_side_by_side(const Described& next, const std::string& last = {}) {
        insert(next, now_);
        if (last.empty() || is_expand(last)) insert(now_, next);
    }

    /// A record as a worker of `writer` makes it; its values fit the other description, too.
    void insert(const Described& writer, const Described& other) {
        std::string columns;
        std::string values;
        ++serial_;
        for (const DescribedField& field : writer.fields) {
            const auto twin =
                std::ranges::find(other.fields, field.column, &DescribedField::column);
            const bool is_free = twin == other.fields.end() || twin->is_optional ||
                                 !twin->fill.empty() || field.is_optional;
            std::string value = field.value(random_, serial_);
            if (value == "NULL" && !is_free) continue;
            columns += (columns.empty() ? "" : ", ") + in_quotes(field.column);
            values += (values.empty() ? "" : ", ") + value;
        }
        bench_.database().query(
            columns.empty() ? fmt::format("INSERT INTO {} DEFAULT VALUES", in_quotes(now_.name))
                            : fmt::format("INSERT INTO {} ({}) VALUES ({})", in_quotes(now_.name),
                                          columns, values));
    }

    void run_script(const std::string& kind, const std::string& change) {
        const auto finished = bench_.script(kind, change);
        BOOST_REQUIRE_MESSAGE(finished.status == 0,
                              kind << ' ' << change << ": " << finished.output);
    }

    void expect_nothing_left() {
        const auto after = bench_.schema({"plan"});
        BOOST_REQUIRE_MESSAGE(after.status == 0, after.output);
    }

    std::vector<std::string> columns() {
        std::vector<std::string> names;
        for (const auto& row : bench_.database().query(
                 "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0"
                 " AND NOT attisdropped AND attname <> 'id'",
                 {in_quotes(now_.name)})) {
            names.push_back(row[0]);
        }
        return names;
    }

    std::vector<std::string> left_over() {
        auto names = columns();
        std::erase_if(names, [&](const std::string& name) {
            return std::ranges::find(now_.fields, name, &DescribedField::column) !=
                   now_.fields.end();
        });
        return names;
    }

    Values values() {
        Values found;
        for (const std::string& column : columns()) {
            auto& of_column = found[column];
            for (const auto& row : bench_.database().query(
                     fmt::format("SELECT id::text, {0}::text FROM {1} WHERE {0} IS NOT NULL",
                                 in_quotes(column), in_quotes(now_.name)))) {
                of_column[row[0]] = row[1];
            }
        }
        return found;
    }

    void expect_kept(const Values& before, const Values& after,
                     const std::vector<std::string>& drops) {
        for (const auto& [column, values] : before) {
            const std::string name = now_.name + '.' + column;
            if (std::ranges::find(drops, name) != drops.end()) continue;
            const auto same = after.find(column);
            BOOST_REQUIRE_MESSAGE(same != after.end(), "the column " << column << " is gone");
            for (const auto& [id, value] : values) {
                const auto kept = same->second.find(id);
                BOOST_REQUIRE_MESSAGE(kept != same->second.end() && kept->second == value,
                                      column << " of " << id << " was " << value);
            }
        }
    }

    SchemaBench bench_;
    std::mt19937 random_;
    Described now_;
    int serial_ = 1000;
};

}  // namespace

BOOST_AUTO_TEST_CASE(every_value_outlives_every_change) {
    const int chains = argument("--chains", 5);
    const int seed = argument("--seed", 1);
    for (int chain = 0; chain < chains; ++chain) {
        BOOST_TEST_CONTEXT("chain with --seed " << seed + chain) {
            Chain(static_cast<unsigned>(seed + chain)).run();
        }
    }
}
