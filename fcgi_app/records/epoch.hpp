#pragma once

#include <expected>
#include <string>

#include "cache/trust.hpp"
#include "error.hpp"
#include "records/backend.hpp"

namespace larder {

/// Begins a new epoch: raises it in PostgreSQL (durable, so that none is used twice), puts it into
/// Redis as the live copy, and only then lets the host trust Redis under it. All entries of older
/// epochs are gone with that. Where Redis is out of reach the host goes on without it.
/// Fails with `unavailable` where PostgreSQL is out of reach; nothing was changed then.
/// For store threads and the caretaker; the host does it one at a time (RUN_DIR/epoch.lock).
Expected<void> renew_epoch(Backend& backend);

/// Begins a new epoch if Redis is not trusted and nobody else is at it. Gives whether Redis is
/// trusted now.
bool regain_trust(Backend& backend);

/// Leaves Redis alone on this host until it is released, whoever wants a new epoch meanwhile: while
/// workers of two descriptions serve, a writer of one may not know which entries of the other it
/// makes wrong. The order outlives the caller: it is the file RUN_DIR/hold. Each fails with what
/// cannot be written. From any process of the host.
std::expected<void, std::string> hold_redis(const std::string& run_dir, Trust& trust);
std::expected<void, std::string> release_redis(const std::string& run_dir);

/// Whether workers of two descriptions may serve on this host now (`hold_redis`). Costs nothing
/// while Redis is trusted, which it is not meanwhile.
bool descriptions_change(const Services& services);

}  // namespace larder
