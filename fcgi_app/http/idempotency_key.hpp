#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "error.hpp"

namespace larder::http {

inline constexpr std::size_t longest_idempotency_key = 255;  ///< characters

/// The key that the header field Idempotency-Key has: a string of structured fields (RFC 8941,
/// section 3.3.3), as draft-ietf-httpapi-idempotency-key-header asks, or the same text without
/// quotes, as many clients send it. `"a\"b"` is `a"b`. A key has 1 to `longest_idempotency_key`
/// printable ASCII characters; one with a quote, a comma, a semicolon or a space at an end needs
/// the quotes, so that two fields which were joined on the way are no key. Fails with
/// `bad_request`. Pure; any thread.
Expected<std::string> parse_idempotency_key(std::string_view field);

}  // namespace larder::http
