#pragma once

#include <string_view>

#include "error.hpp"
#include "gateway/connection.hpp"
#include "gateway/plan.hpp"
#include "http/response.hpp"
#include "records/backend.hpp"
#include "records/read.hpp"

namespace larder {

/// The answer to GET and HEAD of a record: 200, 304 or 404, with ETag and X-Cache.
http::Response answer_read(const Resource& resource, std::string_view id, const ReadRecord& record,
                           const http::Request& request);

/// The answer to what needs no store: the welcome, a greeting, OPTIONS.
http::Response answer_simple(const Plan& plan, const http::Request& request,
                             const Settings& settings);

/// Does what needs a store thread, all but reading records, and answers on the connection. Logs
/// errors that are the server's own.
void answer_from_store(Backend& backend, const Plan& plan, Connection& connection);

/// An answer for an error; what the client must not see goes to the log.
http::Response answer_error(const Error& error);

}  // namespace larder
