#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace larder::access {

/// `text` for a log or a terminal: `?` in place of what is no printable ASCII character, of a
/// space, a quote or a backslash, and at most `most` characters. Pure; any thread.
std::string loggable_text(std::string_view text, std::size_t most);

}  // namespace larder::access
