#pragma once

#include <string_view>

#include "error.hpp"
#include "http/request.hpp"

namespace larder::http {

/// Whether an Origin (RFC 6454, section 7) is that of the server itself: the host and the port of
/// `host`, the value of the request's Host. The scheme is not compared, because TLS may end in
/// front of Larder; the ports 80 and 443 count as no port. `null` and what is no origin are not the
/// server's own. Pure; any thread.
bool is_own_origin(std::string_view origin, std::string_view host);

/// Refuses, as `forbidden`, a write that a browser sends for a page of another origin, unless the
/// operator allows that origin (CORS_ORIGINS; nginx compares it). Programs that are no browsers
/// send neither Origin nor Sec-Fetch-Site, and pass. Pure; any thread.
Expected<void> check_origin(const Request& request);

}  // namespace larder::http
