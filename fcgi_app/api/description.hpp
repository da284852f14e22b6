#pragma once

#include <span>
#include <string>

#include "catalog/resource.hpp"

namespace larder::openapi {

/// The OpenAPI 3.1 description of everything that the server answers, as JSON. All that it says of
/// a resource comes from the value that describes it. Pure; any thread.
std::string document(std::span<const Resource> resources);

}  // namespace larder::openapi
