#pragma once

#include <chrono>
#include <string>

#include "error.hpp"
#include "records/services.hpp"
#include "store/session.hpp"

namespace larder {

class FencedCommit;

/// Removes the record `id` with all that its removal removes and changes (see RemovalPlan), in a
/// transaction that has locked it (Statements::lock), and adds every change to `commit`, which was
/// made for the plan's collections. It locks what it removes, level by level, before the next one
/// is looked for: PostgreSQL checks a new reference by a lock on the record that it leads to, so
/// none can appear behind its back. Fails as Transaction::change does; a record that may not be
/// removed is `unprocessable` there, with `breaks_reference`. Each lock is waited for until
/// `deadline`, but at least for short_lock_wait, for many rows take their time.
Expected<void> remove_with_dependents(Transaction& transaction, FencedCommit& commit,
                                      const Collection& collection, const std::string& id,
                                      std::chrono::steady_clock::time_point deadline);

}  // namespace larder
