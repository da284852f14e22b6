#pragma once

#include <string>

#include "admin/plan.hpp"

namespace larder::admin {

/// A plan for people. Pure; any thread.

/// In plain words, and then as SQL.
std::string report(const Plan& plan);

/// A line for each difference between the descriptions and the database, as `larder check` shows
/// it: `problem:` what must be done, `advice:` what is left as it is; `ok:` there is none.
std::string findings(const Plan& plan);

}  // namespace larder::admin
