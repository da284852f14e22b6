#pragma once

#include <expected>
#include <string>

#include "feed/follower.hpp"
#include "records/backend.hpp"

namespace larder {

/// Fences and renews what `what` names, and empties it. If Redis does not acknowledge a fence, this
/// host stops trusting it. Fails, with a message for the operator, if the file system refuses a new
/// generation; what was not done is then lost, so the caller has to start from `everything`.
std::expected<void, std::string> invalidate(Backend& backend, Invalidation& what);

/// All records and all lists: for when nobody knows what was missed.
Invalidation everything(const Services& services);

}  // namespace larder
