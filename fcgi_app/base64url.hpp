#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace larder {

/// base64url without padding (RFC 4648, section 5; RFC 7515, section 2). Pure; any thread.
std::string to_base64url(std::string_view bytes);

/// Nothing where the text is not what `to_base64url` gives for some bytes: so no two texts stand
/// for the same.
std::optional<std::string> from_base64url(std::string_view text);

/// Whether `text` has only characters of base64url.
bool has_base64url_characters(std::string_view text);

}  // namespace larder
