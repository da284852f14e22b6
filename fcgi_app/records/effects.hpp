#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/resource.hpp"

namespace larder {

/// What a change makes wrong in the caches. This is the only place that knows: writes alone and in
/// groups ask it, and so does the feed for what was written past the workers. Pure; any thread.

/// A row before or after a change, as far as cached entries depend on it.
struct RowImage {
    std::string id;
    /// In the order of the unique fields; may be left out where the change touches none of them.
    std::vector<std::optional<std::string>> unique_values = {};
};

/// The keys of the entries in Redis that are wrong once the change is committed. `before` is null
/// for a new row, of which no entry can exist; `after` is null for a removed one. The lists of the
/// collection are wrong after every change.
std::vector<std::string> outdated_entries(const Resource& resource, const RowImage* before,
                                          const RowImage* after);

/// The keys of the entries that a row has: of its record, and of each unique value.
std::vector<std::string> entries_of(const Resource& resource, const RowImage& row);

/// The cache keys of a record, and of a value of a unique field (whose entry is its owner's id).
std::string record_key(const Resource& resource, std::string_view id);
std::string claim_key(const Resource& resource, const Field& field, std::string_view value);

}  // namespace larder
