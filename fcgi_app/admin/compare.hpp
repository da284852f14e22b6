#pragma once

#include <span>
#include <string>
#include <vector>

#include "admin/plan.hpp"
#include "catalog/resource.hpp"
#include "error.hpp"
#include "store/session.hpp"

namespace larder::admin {

/// Descriptions beside a database. For the thread of the session; each fails as Session::read does.

/// Reads what the database has, and plans what it lacks.
Expected<Plan> compare_with_database(Session& session, std::span<const Resource> resources,
                                     const Drops& drops);

/// Looks for the rows that stand in the way of each step, and makes a problem of them, with the
/// first ids and their number. Reads the tables of these steps whole.
Expected<void> find_violators(Session& session, Plan& plan);

/// Those of `changes`, of the operator's project, that were not deployed.
Expected<std::vector<std::string>> not_deployed(Session& session, std::vector<std::string> changes);

}  // namespace larder::admin
