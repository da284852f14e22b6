#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace larder::access {

/// When a token is to expire, in seconds since the epoch: `90d`, `12h`, `30m`, `45s` or `2w` from
/// `now` on; at the beginning of a day (`2027-01-31`) or at a time (`2027-01-31T12:00:00Z`), in
/// UTC. Fails with a message for the operator, also where that is not in the future or after the
/// year 9999. Pure; any thread.
std::expected<std::int64_t, std::string> parse_expiry(std::string_view text, std::int64_t now);

}  // namespace larder::access
