#pragma once

#include <expected>
#include <string>

#include "feed/follower.hpp"
#include "records/backend.hpp"

namespace larder {

/// Does to the caches of this host what `what` asks for, and empties it. Redis that cannot be told
/// is not trusted any more. Fails, with a message for the operator, where the file system refuses
/// new lists; what was not done is then lost, so that the caller has to start from `everything`.
std::expected<void, std::string> invalidate(Backend& backend, Invalidation& what);

/// All records and all lists: for when nobody knows what was missed.
Invalidation everything(const Services& services);

}  // namespace larder
