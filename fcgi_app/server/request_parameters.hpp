#pragma once

#include <string_view>

#include "http/request.hpp"

namespace larder {

/// Takes a FastCGI parameter, as nginx sends it (nginx/*.conf), into its place in the request,
/// which refers to `value` then. A name that is not known is left alone. nginx before 1.23 hands
/// over each of several header fields of one name, later versions join them. Pure; any thread.
void take_parameter(http::Request& request, std::string_view name, std::string_view value);

}  // namespace larder
