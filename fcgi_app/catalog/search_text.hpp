#pragma once

#include <string>

#include "catalog/resource.hpp"

namespace larder {

/// The words of a record in the fields with `search`, in SQL, over the columns of the table. An
/// index is over this very expression, so that PostgreSQL uses it only for a query with the same.
/// Empty: no field has `search`. Pure; any thread.
std::string search_vector(const Resource& resource);

}  // namespace larder
