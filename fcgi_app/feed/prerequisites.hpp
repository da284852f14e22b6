#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>

#include "catalog/resource.hpp"
#include "settings.hpp"
#include "store/session.hpp"

namespace larder {

/// The publication that the feed follows; a migration makes it.
inline constexpr std::string_view feed_publication = "larder";

/// What the operator has to do before PostgreSQL's log can be followed, in one line. Nothing: there
/// is nothing to do, or PostgreSQL is out of reach. For the thread of the session.
std::optional<std::string> missing_prerequisite(Session& session,
                                                std::span<const Resource> resources);

/// Tries whether the log can be followed, up to a slot of its own, which is gone afterwards. Fails
/// with one line for the operator. Takes as long as the transactions that now write, for 10 s at
/// most.
std::expected<void, std::string> check_feed(const Settings& settings,
                                            std::span<const Resource> resources);

}  // namespace larder
