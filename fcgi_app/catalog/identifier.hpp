#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalog/resource.hpp"

namespace larder {

/// The canonical form of a record id from a path, or nothing if it is of the wrong form: an integer
/// has no sign, no leading zeros and fits 63 bits; a UUID is its 36-character form in either case
/// (RFC 9562, section 4), canonical in lower case. Pure; any thread.
std::optional<std::string> canonical_id(IdType type, std::string_view text);

}  // namespace larder
