#pragma once

#include <string>
#include <vector>

#include "catalog/tags.hpp"
#include "query/query.hpp"

namespace larder::query {

/// The tag that every record of a list has, and every write that changes the list
/// (catalog/tags.hpp): that of a named list's condition; of the list of all records, that of the
/// first field, in the order of the description, of which it has exactly one value; else the
/// collection's. nginx finds it in the same way (scripts/lib/site.sh) and says what it has found.
/// `sources` are those of the resource. Pure; any thread.
std::string tag_of(const std::vector<TagSource>& sources, const List& list, const Query& query);

}  // namespace larder::query
