#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace larder::json {

/// `text` as a JSON string with its quotes (RFC 8259, section 7). `text` must be UTF-8.
std::string quoted(std::string_view text);

/// Whether `text` is well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates.
bool is_utf8(std::string_view text);

/// Number of code points of well-formed UTF-8.
std::size_t code_points(std::string_view text);

}  // namespace larder::json
