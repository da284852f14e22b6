#pragma once

#include <span>
#include <string>

#include "catalog/resource.hpp"
#include "error.hpp"
#include "store/session.hpp"

namespace larder {

/// What the foreign keys of the tables lack for the references of these resources, or do beyond
/// them, and the SQL that helps: one line for the operator; empty: nothing. The tables have to be
/// there. Each reference needs a foreign key, which decides whether an id is known. None may remove
/// or change rows where no reference says so, because Larder would not know which entries of the
/// caches that makes wrong. One query for all resources.
Expected<std::string> check_foreign_keys(Session& session, std::span<const Resource> resources);

}  // namespace larder
