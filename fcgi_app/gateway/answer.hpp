#pragma once

#include <span>
#include <string_view>

#include "error.hpp"
#include "gateway/connection.hpp"
#include "gateway/plan.hpp"
#include "http/response.hpp"
#include "records/backend.hpp"
#include "records/read.hpp"

namespace larder {

/// A request that a store thread will answer, together with others.
struct Planned {
    Connection* connection;
    Plan plan;
};

/// What X-Cache says.
std::string_view name_of(CacheState state);

/// The answer to GET and HEAD of a record: 200, 304 or 404, with ETag and X-Cache.
http::Response answer_read(const Resource& resource, std::string_view id, ReadRecord record,
                           const http::Request& request);

/// The answer to what needs no store: the welcome, a greeting, OPTIONS, and a file
/// that nginx should have served (404).
http::Response answer_simple(const Plan& plan, const http::Request& request,
                             const Settings& settings);

/// Does what needs a store thread, all but reading records, and answers on the connection. Logs
/// errors that are the server's own.
void answer_from_store(Backend& backend, const Plan& plan, Connection& connection);

/// Makes the writes of a group in one transaction and answers each on its connection. False, and
/// nothing is changed or answered: each has to be tried on its own.
bool answer_group(Backend& backend, const Resource& resource, std::span<const Planned> group);

/// An answer for an error; what the client must not see goes to the log.
http::Response answer_error(const Error& error);

}  // namespace larder
