#pragma once

#include "catalog/resource.hpp"
#include "catalog/table_reader.hpp"

namespace larder {

/// Reads `rights`: which roles may read, create, change and delete records of the resource. Of what
/// the resource does not do, nobody has a right. Pure; any thread.
Rights read_rights(const toml::table& rights, const Resource& resource, Mistakes& mistakes);

}  // namespace larder
