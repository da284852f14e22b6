#pragma once

#include <cstdint>

#include "api/operation.hpp"
#include "api/routes.hpp"
#include "error.hpp"
#include "http/request.hpp"
#include "http/target.hpp"

namespace larder {

/// A request whose path and method are known.
struct Found {
    Call call;  ///< has its operation and argument; refers to the routes
    http::Target target;
};

/// The first stages of the contract ("Everywhere"): route (404) and method (405). Between these and
/// the others is the token (401) and its right (403), see api/gate.hpp.
///
/// Pure but for `route`, which is set as soon as the path is known.
Expected<Found> find_operation(const Routes& routes, const http::Request& request,
                               RequestMetrics::RouteNumber& route);

/// The further stages that need no store; each may end the request with an error. The stages that
/// need one come in the same order in records/: the record (404), preconditions (412), uniqueness
/// and references (409). Pure.
Expected<Call> check_request(Found found, const http::Request& request, std::uint64_t body_limit);

}  // namespace larder
