#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/statements.hpp"

namespace larder {

/// The locks of what is kept outside PostgreSQL under a generation (ARCHITECTURE.md, "Lists:
/// generations" and "Access"): PostgreSQL's advisory locks, known by names (lock_name in
/// catalog/tags.hpp, access_lock) of which PostgreSQL computes their numbers. Two names may have
/// one number, at no cost but that of something that is not kept. Pure; any thread.

/// The number of a lock, as an SQL expression of the SQL expression of its name. The collation of a
/// column that the name may come from has no say.
std::string cache_lock_number(std::string_view name);

/// Takes these locks, shared and until the transaction ends.
Statement take_locks(const std::vector<std::string>& names);

/// (true) if no other transaction holds one of these locks. What a transaction that held one has
/// changed is then visible to the next statement, or was rolled back. It has each lock for itself
/// for as long as an expression takes, which is the longest that a writer waits.
Statement are_free(const std::vector<std::string>& names);

}  // namespace larder
