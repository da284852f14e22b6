#pragma once

#include <string>

namespace larder {

/// An id for a request that nginx has given none: 32 hex digits, half of them random and the same
/// for all of this process, half counted, so that it costs next to nothing. Any thread.
std::string make_request_id();

}  // namespace larder
