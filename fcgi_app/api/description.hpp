#pragma once

#include <span>
#include <string>
#include <string_view>

#include "catalog/resource.hpp"

namespace larder::openapi {

/// The OpenAPI 3.1 description of everything that the server answers, as JSON. All that it says of
/// a resource comes from the value that describes it. `public_path`: the setting PUBLIC_PATH, which
/// is the server of all paths; empty: the root. `is_guarded`: with AUTH=on, so each operation says
/// whether it needs a token, and which roles may call it. Pure; any thread.
std::string document(std::span<const Resource> resources, std::string_view public_path = {},
                     bool is_guarded = false);

}  // namespace larder::openapi
