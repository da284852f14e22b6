#include "admin/plan_command.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <expected>
#include <utility>
#include <vector>

#include "admin/compare.hpp"
#include "admin/report.hpp"
#include "admin/sqitch.hpp"
#include "catalog/catalog.hpp"

namespace larder::admin {

namespace {

constexpr int nothing_to_do = 0;
constexpr int wrong = 1;
constexpr int something_to_do = 2;

int refuse(const std::string& why) {
    fmt::print(stderr, "larder-schema: {}\n", why);
    return wrong;
}

int refuse(const Error& error) {
    return refuse(fmt::format("PostgreSQL: {}; check DATABASE_URL and that the server runs",
                              error.log.empty() ? error.detail : error.log));
}

int print_plan(const Plan& plan) {
    fmt::print("{}", report(plan));
    if (!plan.problems.empty()) return wrong;
    return plan.steps.empty() ? nothing_to_do : something_to_do;
}

int print_findings(const Plan& plan) {
    fmt::print("{}", findings(plan));
    return plan.problems.empty() && plan.steps.empty() ? nothing_to_do : wrong;
}

std::vector<std::string> kept_of(const std::vector<PendingChange>& changes) {
    std::vector<std::string> names;
    for (const PendingChange& change : changes) {
        if (!change.is_superseded) names.push_back(change.name);
    }
    return names;
}

int write_plan(Session& session, const Plan& plan, const std::string& directory,
               const std::string& fingerprint) {
    for (const std::string& problem : plan.problems) refuse(problem);
    if (!plan.problems.empty()) return wrong;
    auto changes = changes_of(directory);
    if (!changes) return refuse(changes.error());
    const auto pending = not_deployed(session, std::move(*changes));
    if (!pending) return refuse(pending.error());
    // A change may have been done and not been registered: it is to be deployed all the same.
    if (plan.steps.empty() && pending->empty()) return nothing_to_do;
    const auto former = find_superseded(directory, plan, *pending, fingerprint);
    if (!former) return refuse(former.error());
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto names = write_changes(directory, plan, kept_of(*former), fingerprint, now);
    if (!names) return refuse(names.error());
    for (const PendingChange& change : *former) {
        fmt::print("{}{}\n", change.is_superseded ? "superseded " : "", change.name);
    }
    for (const std::string& name : *names) fmt::print("{}\n", name);
    return something_to_do;
}

}  // namespace

int run_plan(Session& session, const std::string& resources_dir, const PlanOptions& options) {
    const auto resources = read_catalog(resources_dir);
    if (!resources) {
        for (const Mistake& mistake : resources.error()) refuse(mistake.message());
        return wrong;
    }
    auto plan = compare_with_database(session, *resources, options.drops);
    if (!plan) return refuse(plan.error());
    if (options.what == PlanOptions::What::check) return print_findings(*plan);
    if (auto found = find_violators(session, *plan); !found) return refuse(found.error());
    if (options.what == PlanOptions::What::plan) return print_plan(*plan);
    return write_plan(session, *plan, options.directory, catalog_fingerprint(resources_dir));
}

}  // namespace larder::admin
