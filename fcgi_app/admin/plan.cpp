#include "admin/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "admin/plan_parts.hpp"

namespace larder::admin {

namespace {

const Table* find_table(std::span<const Table> tables, const TableName& name) {
    const auto found = std::ranges::find_if(tables, [&](const Table& table) {
        return table.schema == name.schema && table.name == name.name;
    });
    return found == tables.end() ? nullptr : &*found;
}

/// Constraints that only PostgreSQL understands: a write that breaks one is refused.
void note_checks(const Target& target) {
    for (const Check& check : target.table.checks) {
        if (check.is_understood) continue;
        target.plan.notes.push_back(
            fmt::format("{}: no description can say the constraint {}, CHECK ({}); it stays",
                        target.name, check.name, check.expression));
    }
}

/// False: nothing of it can be compared.
bool plan_table(const Target& target, const Drops& drops) {
    if (target.table.is_view) {
        target.plan.notes.push_back(fmt::format(
            "{}: it is a view; Larder changes tables only, and does not compare it", target.name));
        return false;
    }
    const std::size_t before = target.plan.steps.size();
    const std::size_t problems = target.plan.problems.size();
    plan_key(target);
    if (target.plan.problems.size() != problems) return false;
    plan_columns(target);
    plan_unique(target);
    plan_indexes(target);
    if (!target.table.is_parted) plan_log(target);
    plan_left_over(target, drops);
    note_checks(target);
    const bool is_changed = target.plan.steps.size() != before;
    if (is_changed && !target.table.is_own) {
        target.plan.problems.push_back(
            fmt::format("{0}: the table belongs to another role, so that Larder cannot change it;"
                        " make its role a member of the owner, or run ALTER TABLE {1} OWNER TO …",
                        target.name, target.sql));
    }
    return true;
}

/// Those that are neither a column nor a table that is there.
void find_unknown(const Drops& drops, std::span<const Table> tables, Plan& plan) {
    for (const std::string& name : drops) {
        const bool is_known = std::ranges::any_of(tables, [&](const Table& table) {
            const std::string shown = shown_table({table.schema, table.name});
            return name == shown || std::ranges::any_of(table.columns, [&](const Column& column) {
                       return name == shown + '.' + column.name;
                   });
        });
        const bool is_column_elsewhere =
            is_known && std::ranges::none_of(plan.steps, [&](const Step& step) {
                return step.is_lossy && step.subject == name;
            });
        if (!is_known) {
            plan.problems.push_back(fmt::format(
                "--drop {}: there is no such table or column; write `table` or `table.column`",
                name));
        } else if (is_column_elsewhere && plan.problems.empty()) {
            plan.problems.push_back(fmt::format(
                "--drop {}: no description names the table; drop the column with psql", name));
        }
    }
}

}  // namespace

bool Plan::has(Phase phase) const {
    return std::ranges::find(steps, phase, &Step::phase) != steps.end();
}

Plan make_plan(std::span<const Resource> resources, std::span<const Table> tables,
               const Drops& drops) {
    Plan plan;
    std::vector<Table> fresh(resources.size());  // of the tables that are not there yet
    std::vector<Target> targets;
    for (std::size_t i = 0; i < resources.size(); ++i) {
        const TableName name = table_of(resources[i]);
        const Table* table = find_table(tables, name);
        fresh[i].schema = name.schema;
        fresh[i].name = name.name;
        const Target target{
            resources[i], table == nullptr ? fresh[i] : *table, tables, plan, shown_table(name),
            sql_of(name)};
        if (table == nullptr) {
            plan_new_table(resources[i], plan);
        } else if (!plan_table(target, drops)) {
            continue;
        }
        targets.push_back(target);
    }
    for (const Target& target : targets) plan_references(target, resources);
    plan_dropped_tables(resources, tables, drops, plan);
    find_unknown(drops, tables, plan);
    return plan;
}

}  // namespace larder::admin
