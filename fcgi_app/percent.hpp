#pragma once

#include <string>
#include <string_view>

namespace larder {

/// Percent-decoding (RFC 3986, section 2.1); a `%` that no two hex digits follow stands for itself.
/// Pure; any thread.
std::string percent_decoded(std::string_view text);

}  // namespace larder
