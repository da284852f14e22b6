#pragma once

#include <optional>
#include <string>
#include <vector>

#include "error.hpp"
#include "records/backend.hpp"

namespace larder {

/// A record as it was read: its JSON, or nothing where there is no such record.
struct ReadRecord {
    std::optional<std::string> json;
    CacheState cache = CacheState::bypass;
};

/// Reads records that the cache did not have: takes leases, asks PostgreSQL with one statement, and
/// fills what is settled. One result for each id, in order. Fails with `unavailable` as a whole.
Expected<std::vector<ReadRecord>> read_records(Backend& backend, const Collection& collection,
                                               const std::vector<std::string>& ids);

/// The id of the record that owns a value of a unique field, or nothing; fills the duplicate check.
Expected<std::optional<std::string>> find_owner(Backend& backend, const Collection& collection,
                                                const Field& field, const std::string& value);

}  // namespace larder
