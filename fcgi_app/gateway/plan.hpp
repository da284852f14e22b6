#pragma once

#include <cstdint>
#include <span>

#include "error.hpp"
#include "http/conditional.hpp"
#include "http/request.hpp"
#include "http/router.hpp"
#include "resource/change.hpp"

namespace larder {

/// A request that has passed every check that needs no store: what is to be done, and with what.
struct Plan {
    http::Route route;
    http::Preconditions preconditions = {};  ///< of PUT, PATCH and DELETE; refers to the request
    Change change;                           ///< of create, replace and patch
};

/// Takes a request through the checks in the contract's order: route (404), method (405), origin
/// (403), content type and encoding (415), size (413), preconditions that are malformed and JSON
/// (400), values and query parameters (422). Pure; any thread. The plan refers to `resources`.
Expected<Plan> make_plan(std::span<const Resource> resources, const http::Request& request,
                         std::uint64_t body_limit);

}  // namespace larder
