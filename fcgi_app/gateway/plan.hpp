#pragma once

#include <cstdint>
#include <span>

#include "error.hpp"
#include "http/request.hpp"
#include "http/router.hpp"
#include "resource/change.hpp"

namespace larder {

/// A request that has passed every check that needs no store: what is to be done, and with what.
struct Plan {
    http::Route route;
    Change change;  ///< of create, replace and patch
};

/// Takes a request through the checks in the contract's order: route (404), method (405), content
/// type (415), size (413), JSON (400), values (422). Pure; any thread. The plan refers to
/// `resources`.
Expected<Plan> make_plan(std::span<const Resource> resources, const http::Request& request,
                         std::uint64_t body_limit);

}  // namespace larder
