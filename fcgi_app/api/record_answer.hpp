#pragma once

#include <string_view>

#include "http/response.hpp"
#include "records/services.hpp"

namespace larder {

/// An answer with a record and its ETag. Any thread.
http::Response record_answer(int status, std::string_view json);

/// What X-Cache says.
std::string_view name_of(CacheState state);

}  // namespace larder
