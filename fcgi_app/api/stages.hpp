#pragma once

#include <cstdint>

#include "api/operation.hpp"
#include "api/routes.hpp"
#include "error.hpp"
#include "http/request.hpp"

namespace larder {

/// Takes a request through the stages of the contract ("Everywhere") that need no store; each may
/// end it with an error. The stages that need one come in the same order in records/: the record
/// (404), preconditions (412), uniqueness and references (409).
///
/// Pure but for `route`, which is set as soon as the path is known. The call refers to `routes`.
Expected<Call> check_request(const Routes& routes, const http::Request& request,
                             std::uint64_t body_limit, RequestMetrics::RouteNumber& route);

}  // namespace larder
