#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/change.hpp"
#include "error.hpp"
#include "http/conditional.hpp"
#include "records/backend.hpp"
#include "records/once.hpp"

namespace larder {

/// The writer's half of the cache protocol. Each call is one transaction of PostgreSQL: the change,
/// the fence, the swap of the lists' generation, COMMIT; there is nothing left to do after it, so
/// a crash at any point is harmless. Failures have changed nothing, but for `unavailable` with an
/// unknown outcome. For store threads.

enum class WriteKind { create, change, remove };

/// The largest record, in bytes of its JSON, for a body of at most `body_limit` bytes: what a body
/// becomes when its numbers are written out. Many bodies together make no larger one.
constexpr std::size_t largest_record(std::size_t body_limit) { return 4 * body_limit + 65536; }

/// Refuses, as `unprocessable`, a record that many bodies have made larger than one could.
Expected<void> check_size(const Backend& backend, const Resource& resource, std::string_view json);

/// Each waits at most `lock_wait` for what somebody else has locked, and then fails with an error
/// that `is_locked`; nothing is changed then. With `once`, each does nothing where the same request
/// was done before, and gives its answer; and fails as `Answered` says (records/idempotency.hpp).
/// Null: the write has no key.

/// Fails with `conflict` where a unique value is taken, and as update_record where it is too large.
Expected<WrittenRecord> create_record(Backend& backend, const Collection& collection,
                                      const Change& change, LockWait lock_wait,
                                      const Once* once = nullptr);

/// Fails with `not_found`, then `precondition_failed`, then `conflict`, as the contract orders;
/// with `unprocessable` where the record would get too large (see `largest_record`). An empty
/// change changes nothing.
Expected<WrittenRecord> update_record(Backend& backend, const Collection& collection,
                                      const std::string& id, const Change& change,
                                      const http::Preconditions& preconditions, LockWait lock_wait,
                                      const Once* once = nullptr);

/// Fails with `not_found` or `precondition_failed`.
Expected<WrittenRecord> remove_record(Backend& backend, const Collection& collection,
                                      const std::string& id,
                                      const http::Preconditions& preconditions, LockWait lock_wait,
                                      const Once* once = nullptr);

/// The same failure in the words of a removal: what PostgreSQL says of a record that others refer
/// to is no fault of a body.
Error removal_error(Error error);

/// Makes every cache of every resource empty, in both tiers.
Expected<void> clear_caches(Backend& backend);

/// The answer to a claim of a unique value that somebody else has.
Error taken(const Resource& resource, const Field& field, std::string_view value);

}  // namespace larder
