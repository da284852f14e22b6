#include "api/stages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "api/import.hpp"
#include "http/conditional.hpp"
#include "http/idempotency_key.hpp"
#include "http/origin.hpp"
#include "http/parameters.hpp"
#include "http/response.hpp"

namespace larder {

namespace {

/// OPTIONS, which every path knows.
class Options : public Operation {
public:
    // It says what the description of the interface says, which is open too.
    Options() : Operation({.path = "", .method = http::Method::options, .is_open = true}) {}

    Lane lane(const Call&) const override { return Lane::now; }

    http::Response answer_now(const Call& call, const Services&) const override {
        http::Response response{.status = 204, .content_type = {}};
        http::add_header(response, "Allow", call.argument);
        return response;
    }

    openapi::OperationObject describe() const override {
        return {};
    }  // part of each path's description
};

const Options options;

Expected<void> check_content_type(const Endpoint& endpoint, const http::Request& request) {
    const bool is_patch = *endpoint.body == ChangeMode::merge_patch;
    const std::string_view expected = is_patch ? http::merge_patch_type : http::json_type;
    if (http::is_media_type(request.content_type, expected)) return {};
    if (*endpoint.body == ChangeMode::create) {
        return std::unexpected(wrong_type_of_post(*endpoint.resource));
    }
    return std::unexpected(Error{
        .kind = ErrorKind::unsupported_media_type,
        .detail = fmt::format("The content type must be {}.", expected),
        .headers = is_patch ? fmt::format("Accept-Patch: {}\r\n", http::merge_patch_type) : ""});
}

Expected<void> check_size(const http::Request& request, std::uint64_t limit) {
    if (!request.body_too_large && request.content_length <= limit) return {};
    return fail(ErrorKind::too_large, fmt::format("The body must not be over {} bytes.", limit));
}

Expected<void> check_complete(const http::Request& request) {
    if (request.body.size() >= request.content_length) return {};
    return fail(ErrorKind::bad_request, "The body is cut off.");
}

/// What of a request is checked before its body is looked at.
Expected<void> check_head(const Endpoint& endpoint, const http::Request& request,
                          std::uint64_t body_limit) {
    if (!request.is_read()) {
        if (auto origin = http::check_origin(request); !origin) return origin;
    }
    if (endpoint.body) {
        if (auto type = check_content_type(endpoint, request); !type) return type;
    }
    if (endpoint.body || endpoint.is_stream) {
        auto encoding = http::check_content_encoding(request.content_encoding);
        if (!encoding) return encoding;
    }
    if (endpoint.is_stream) return {};
    return check_size(request, body_limit);
}

Expected<void> take_preconditions(const http::Request& request, Call& call) {
    auto found = http::parse_preconditions(request.if_match, request.if_none_match);
    if (!found) return std::unexpected(std::move(found.error()));
    call.preconditions = std::move(*found);
    return {};
}

Expected<void> take_idempotency_key(const http::Request& request, Call& call) {
    if (!request.idempotency_key) return {};
    if (!call.operation->takes_idempotency_key()) {
        return fail(ErrorKind::bad_request, "This request takes no Idempotency-Key.");
    }
    auto key = http::parse_idempotency_key(*request.idempotency_key);
    if (!key) return std::unexpected(std::move(key.error()));
    call.idempotency = idempotency_key(*key, request);
    return {};
}

/// A new record, or an array of new records, or what is changed.
Expected<void> take_body(std::string_view body, Call& call) {
    const Endpoint& endpoint = call.operation->endpoint();
    if (*endpoint.body == ChangeMode::create && begins_array(body)) {
        auto changes = validate_array(*endpoint.resource, body);
        if (!changes) return std::unexpected(std::move(changes.error()));
        call.new_records = std::move(*changes);
        return {};
    }
    auto change = validate(*endpoint.resource, *endpoint.body, body);
    if (!change) return std::unexpected(std::move(change.error()));
    call.change = std::move(*change);
    return {};
}

/// JSON, and its values together with the parameters of the query, so that every error is named.
Expected<void> take_values(const http::Target& target, const http::Request& request, Call& call) {
    const Endpoint& endpoint = call.operation->endpoint();
    std::vector<FieldError> errors = call.operation->take_parameters(target, call);
    if (endpoint.body) {
        if (auto complete = check_complete(request); !complete) return complete;
        auto valid = take_body(request.body, call);
        if (!valid) {
            Error& error = valid.error();
            if (error.kind == ErrorKind::unprocessable) {
                std::ranges::move(errors, std::back_inserter(error.fields));
            }
            return std::unexpected(std::move(error));
        }
    }
    if (errors.empty()) return {};
    return std::unexpected(http::invalid_parameters(std::move(errors)));
}

}  // namespace

Expected<Found> find_operation(const Routes& routes, const http::Request& request,
                               RequestMetrics::RouteNumber& route) {
    Found found{.call = {}, .target = http::parse_target(request.target)};
    const Routes::Path& path = routes.path_of(found.target);
    route = path.number;
    if (path.operations.empty())
        return fail(ErrorKind::not_found, "There is nothing at this path.");
    auto argument = Routes::argument_of(path, found.target);
    if (!argument) return std::unexpected(std::move(argument.error()));
    found.call.argument = std::move(*argument);
    if (request.method == http::Method::options) {
        found.call.operation = &options;
        found.call.argument = Routes::allowed(path);
    } else {
        auto operation = Routes::operation_of(path, request.method);
        if (!operation) return std::unexpected(std::move(operation.error()));
        found.call.operation = *operation;
        const Operation* stream =
            request.is_stream ? (*operation)->for_stream(found.target) : nullptr;
        if (stream != nullptr) found.call.operation = stream;
    }
    return found;
}

Expected<Call> check_request(Found found, const http::Request& request, std::uint64_t body_limit) {
    const auto refused = [](auto& failed) { return std::unexpected(std::move(failed.error())); };

    Call& call = found.call;
    const Endpoint& endpoint = call.operation->endpoint();
    if (auto head = check_head(endpoint, request, body_limit); !head) return refused(head);
    if (call.operation == &options) return std::move(call);
    if (auto chosen = call.operation->choose_form(request, call); !chosen) return refused(chosen);
    const bool is_of_a_record = endpoint.resource != nullptr && !call.argument.empty();
    if (is_of_a_record && !request.is_read()) {
        if (auto taken = take_preconditions(request, call); !taken) return refused(taken);
    }
    if (!request.is_read()) {
        if (auto taken = take_idempotency_key(request, call); !taken) return refused(taken);
    }
    if (auto taken = take_values(found.target, request, call); !taken) return refused(taken);
    return std::move(call);
}

}  // namespace larder
