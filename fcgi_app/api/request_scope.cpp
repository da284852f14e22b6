#include "api/request_scope.hpp"

#include <fmt/format.h>

#include "http/trace_context.hpp"

namespace larder {

namespace {

std::string_view trace_of(const http::Request& request) {
    const auto context = http::parse_traceparent(request.traceparent);
    return context ? context->trace_id : std::string_view();
}

}  // namespace

RequestScope::RequestScope(const http::Request& request)
    : logged_(request.id, trace_of(request), request.user) {}

RequestScope::RequestScope(const http::Request& request, Backend& backend) : RequestScope(request) {
    if (!backend.services.settings.database_request_id) return;
    named_ = &backend.session;
    named_->set_application_name(application_name(request));
}

RequestScope::~RequestScope() {
    if (named_ != nullptr) named_->set_application_name({});
}

std::string application_name(const http::Request& request) {
    const auto context = http::parse_traceparent(request.traceparent);
    if (!context) return fmt::format("larder-worker/{}", request.id);
    return fmt::format("larder-worker/{}/{}", context->trace_id, context->parent_id);
}

}  // namespace larder
