#pragma once

#include <string>

#include "admin/plan.hpp"
#include "store/session.hpp"

namespace larder::admin {

/// What `larder-schema plan`, `write` and `check` are asked for.
struct PlanOptions {
    enum class What { plan, write, check };

    What what = What::plan;
    Drops drops = {};
    std::string directory = {};  ///< of the Sqitch project; for `write`
};

/// Compares the descriptions in `resources_dir` with the database. `plan` prints what is lacking,
/// in words and as SQL; `write` writes it as changes, and prints the names of those that are to be
/// deployed, in their order, with `superseded NAME` for one that is to be noted as deployed and not
/// to be run (find_superseded); `check` prints a line for each difference. Gives the exit status: 0
/// where there is nothing to do, 2 where there is something, 1 where something is wrong, and then
/// nothing is written; `check` gives 1 for any difference that is to be mended. For a program of
/// one thread.
int run_plan(Session& session, const std::string& resources_dir, const PlanOptions& options);

}  // namespace larder::admin
