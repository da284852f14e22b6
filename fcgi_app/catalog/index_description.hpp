#pragma once

#include <span>
#include <string>
#include <vector>

#include "catalog/resource.hpp"
#include "catalog/table_reader.hpp"

namespace larder {

/// Reads `indexes`: of each the names of its fields. `unread` are fields with a mistake of their
/// own. Pure; any thread.
std::vector<std::vector<std::string>> read_indexes(const toml::array& indexes,
                                                   const Resource& resource,
                                                   std::span<const std::string> unread,
                                                   Mistakes& mistakes);

}  // namespace larder
