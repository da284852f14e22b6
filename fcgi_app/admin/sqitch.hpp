#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <vector>

#include "admin/plan.hpp"

namespace larder::admin {

/// The Sqitch project of the operator: a directory with sqitch.conf, sqitch.plan, and a file for
/// deploy, revert and verify of each change.

inline constexpr std::string_view operator_project = "operator";

/// Writes the steps of a plan as changes, one for each phase that has any, and gives their names in
/// the order in which they are to be deployed. Makes the project where there is none. Never touches
/// a change that is there. A step that a change of `kept` has already (those that were written, are
/// not deployed and are going to be) is not written once more. `fingerprint` is that of the
/// descriptions. The plan of the project names a change only when all of its files are on the disk.
/// Fails with a line for the operator.
std::expected<std::vector<std::string>, std::string> write_changes(
    const std::string& directory, const Plan& plan, const std::vector<std::string>& kept,
    const std::string& fingerprint, std::chrono::sys_seconds now);

/// The names of the changes of the project in their order; none where there is no project.
std::expected<std::vector<std::string>, std::string> changes_of(const std::string& directory);

/// A change that is in the project, and was not deployed.
struct PendingChange {
    std::string name = {};
    bool is_superseded = false;
};

/// Which of `pending`, in the order of the project, are not to be deployed any more: an
/// interruption has left them, and the descriptions have changed since, so that they may remove
/// what the new ones need. What else `plan` lacks is written after them. A change that the operator
/// has written is never superseded. Fails with a line for the operator.
std::expected<std::vector<PendingChange>, std::string> find_superseded(
    const std::string& directory, const Plan& plan, const std::vector<std::string>& pending,
    const std::string& fingerprint);

/// What one phase of a plan deploys, as a script for psql.
std::string deploy_script(const Plan& plan, Phase phase);

}  // namespace larder::admin
