#include "api/authorize.hpp"

#include <fmt/format.h>

namespace larder {

namespace {

constexpr std::string_view challenge = "WWW-Authenticate: Bearer realm=\"larder\"";

std::string_view verb_of(access::Action action) {
    switch (action) {
        case access::Action::read: return "read";
        case access::Action::create: return "create";
        case access::Action::change: return "change";
        case access::Action::remove: break;
    }
    return "delete";
}

}  // namespace

access::Action action_of(const Endpoint& endpoint) {
    switch (endpoint.method) {
        case http::Method::get:
        case http::Method::head: return access::Action::read;
        case http::Method::post: return access::Action::create;
        case http::Method::remove: return access::Action::remove;
        default: return access::Action::change;
    }
}

bool is_open(const Endpoint& endpoint, const http::Request& request) {
    return endpoint.is_open || (endpoint.role == "metrics" && request.may_read_metrics);
}

bool may_call(const Endpoint& endpoint, std::span<const std::string> roles) {
    if (endpoint.resource == nullptr) return access::may_as(roles, endpoint.role);
    return access::may(roles, *endpoint.resource, action_of(endpoint)) &&
           (!endpoint.changes_too ||
            access::may(roles, *endpoint.resource, access::Action::change));
}

Error no_token() {
    return {.kind = ErrorKind::unauthorized,
            .detail = "This needs a token, as Authorization: Bearer <token>.",
            .headers = fmt::format("{}\r\n", challenge)};
}

Error bad_token(access::Refusal refusal) {
    const std::string_view reason = access::reason_of(refusal);
    return {.kind = ErrorKind::unauthorized,
            .detail = fmt::format("The token is not valid: {}.", reason),
            .headers = fmt::format("{}, error=\"invalid_token\", error_description=\"{}\"\r\n",
                                   challenge, reason)};
}

Error no_right(const Endpoint& endpoint) {
    return {.kind = ErrorKind::forbidden,
            .detail = endpoint.resource == nullptr
                          ? std::string("The roles of this token do not allow this.")
                          : fmt::format("The roles of this token do not allow to {} {}.",
                                        endpoint.changes_too ? "create and change"
                                                             : verb_of(action_of(endpoint)),
                                        endpoint.resource->name),
            .headers = fmt::format("{}, error=\"insufficient_scope\"\r\n", challenge)};
}

}  // namespace larder
