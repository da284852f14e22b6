#pragma once

#include <string>

#include "http/request.hpp"
#include "observe/log.hpp"
#include "records/backend.hpp"

namespace larder {

/// This thread works for `request` as long as the object lives: the ids of the request stand in its
/// log lines and, where DATABASE_REQUEST_ID asks for it, in the application_name of its statements.
class RequestScope {
public:
    explicit RequestScope(const http::Request& request);
    RequestScope(const http::Request& request, Backend& backend);
    ~RequestScope();
    RequestScope(const RequestScope&) = delete;
    RequestScope& operator=(const RequestScope&) = delete;

private:
    LoggedRequest logged_;
    Session* named_ = nullptr;
};

/// The application_name: `larder-worker/` and the id of the request, or, where the client has sent
/// a traceparent, its trace and span, which fill the 63 bytes that PostgreSQL keeps. Pure.
std::string application_name(const http::Request& request);

}  // namespace larder
