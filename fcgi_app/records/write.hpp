#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "error.hpp"
#include "records/backend.hpp"
#include "resource/change.hpp"

namespace larder {

/// The writer's half of the cache protocol. Each call is one transaction of PostgreSQL: the change,
/// the fence, the swap of the lists' generation, COMMIT; there is nothing left to do after it, so
/// a crash at any point is harmless. Failures have changed nothing, but for `unavailable` with an
/// unknown outcome. For store threads.

enum class WriteKind { create, change, remove };

struct WrittenRecord {
    std::string id;
    std::string json;  ///< empty: it was removed
};

/// Each waits at most `lock_wait` for what somebody else has locked, and then fails with an error
/// that `is_locked`; nothing is changed then.
using LockWait = std::chrono::milliseconds;

/// Fails with `conflict` where a unique value is taken.
Expected<WrittenRecord> create_record(Backend& backend, const Collection& collection,
                                      const Change& change, LockWait lock_wait);

/// Fails with `not_found`, then `precondition_failed` (`if_match` is the header, empty: none), then
/// `conflict`, as the contract orders. An empty change changes nothing.
Expected<WrittenRecord> update_record(Backend& backend, const Collection& collection,
                                      const std::string& id, const Change& change,
                                      std::string_view if_match, LockWait lock_wait);

/// Fails with `not_found` or `precondition_failed`.
Expected<WrittenRecord> remove_record(Backend& backend, const Collection& collection,
                                      const std::string& id, std::string_view if_match,
                                      LockWait lock_wait);

/// Makes every cache of every resource empty, in both tiers.
Expected<void> clear_caches(Backend& backend);

/// The answer to a claim of a unique value that somebody else has.
Error taken(const Resource& resource, const Field& field, std::string_view value);

}  // namespace larder
