#include "admin/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "admin/plan_parts.hpp"
#include "admin/read_tables.hpp"
#include "admin/sqitch.hpp"
#include "admin/sql_text.hpp"

namespace larder::admin {

namespace {

/// `3 rows have no value of invoices.total (id 1, 2, 3)`.
std::string problem_of(const Step& step, const Rows& rows) {
    const std::string count = rows[0][1].value_or("?");
    std::vector<std::string> ids;
    for (const Row& row : rows) ids.push_back(row[0].value_or("?"));
    const bool is_one = count == "1";
    return fmt::format("{}: {} {} in the way, {} {}{}: {}", step.subject, count,
                       is_one ? "row is" : "rows are", is_one ? "with the id" : "with the ids",
                       fmt::join(ids, ", "), count == std::to_string(ids.size()) ? "" : ", …",
                       step.violators->words);
}

}  // namespace

Expected<Plan> compare_with_database(Session& session, std::span<const Resource> resources,
                                     const Drops& drops) {
    auto names = table_names(session);
    if (!names) return std::unexpected(std::move(names.error()));
    std::set<std::string> schemas;
    for (const Resource& resource : resources) schemas.insert(table_of(resource).schema);
    std::erase_if(*names, [&](const TableName& name) { return !schemas.contains(name.schema); });
    const auto tables = read_tables(session, *names);
    if (!tables) return std::unexpected(tables.error());
    return make_plan(resources, *tables, drops);
}

Expected<void> find_violators(Session& session, Plan& plan) {
    for (const Step& step : plan.steps) {
        if (!step.violators) continue;
        const auto rows = session.read(once(step.violators->sql));
        if (!rows && rows.error().kind == ErrorKind::unavailable) {
            return std::unexpected(rows.error());
        }
        if (!rows) {
            plan.problems.push_back(
                fmt::format("{}: PostgreSQL refuses the look for rows that are"
                            " in the way: {}",
                            step.subject, rows.error().log));
        } else if (!rows->empty()) {
            plan.problems.push_back(problem_of(step, *rows));
        }
    }
    return {};
}

Expected<std::vector<std::string>> not_deployed(Session& session,
                                                std::vector<std::string> changes) {
    if (changes.empty()) return changes;
    const auto registry = session.read(once("SELECT to_regclass('sqitch.changes') IS NOT NULL"));
    if (!registry) return std::unexpected(registry.error());
    if (registry->at(0).at(0) != "t") return changes;
    const auto rows = session.read(once(fmt::format(
        "SELECT change FROM sqitch.changes WHERE project = {}", sql_literal(operator_project))));
    if (!rows) return std::unexpected(rows.error());
    for (const Row& row : *rows) std::erase(changes, row.at(0).value_or(""));
    return changes;
}

}  // namespace larder::admin
