#include "gateway/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <vector>

#include "http/conditional.hpp"
#include "http/origin.hpp"
#include "http/parameters.hpp"
#include "http/response.hpp"
#include "number.hpp"

namespace larder {

namespace {

using http::Action;

std::optional<ChangeMode> mode_of(Action action) {
    switch (action) {
        case Action::create: return ChangeMode::create;
        case Action::replace: return ChangeMode::replace;
        case Action::patch: return ChangeMode::merge_patch;
        default: return std::nullopt;
    }
}

Expected<void> check_content_type(ChangeMode mode, const http::Request& request) {
    const bool is_patch = mode == ChangeMode::merge_patch;
    const std::string_view expected = is_patch ? http::merge_patch_type : http::json_type;
    if (http::is_media_type(request.content_type, expected)) return {};
    return std::unexpected(Error{
        .kind = ErrorKind::unsupported_media_type,
        .detail = fmt::format("The content type must be {}.", expected),
        .headers = is_patch ? fmt::format("Accept-Patch: {}\r\n", http::merge_patch_type) : ""});
}

/// The query parameters that a route knows.
std::span<const std::string_view> known_parameters(const http::Route& route) {
    static constexpr std::string_view of_list[] = {"limit"};
    static constexpr std::string_view of_greeting[] = {"name"};
    if (route.action == Action::list) return of_list;
    if (route.path == http::PathKind::greeting) return of_greeting;
    return {};
}

std::vector<FieldError> check_query(const http::Route& route, std::string_view query) {
    if (query.empty() || route.action == Action::options) return {};
    auto errors = http::check_parameters(query, known_parameters(route));
    if (!errors.empty() || route.action != Action::list || route.limit.empty()) return errors;
    const auto value = to_number<int>(route.limit);
    if (!value || *value < 1 || *value > http::longest_list) {
        errors.push_back(http::refused_parameter(
            "limit", fmt::format("must be a number from 1 to {}", http::longest_list)));
    }
    return errors;
}

bool takes_preconditions(Action action) {
    return action == Action::replace || action == Action::patch || action == Action::remove;
}

Expected<void> check_before_body(const http::Request& request, std::optional<ChangeMode> mode,
                                 std::uint64_t body_limit) {
    if (!request.is_read()) {
        auto checked = http::check_origin(request.origin, request.sec_fetch_site, request.host);
        if (!checked) return checked;
    }
    if (mode) {
        if (auto checked = check_content_type(*mode, request); !checked) return checked;
        auto checked = http::check_content_encoding(request.content_encoding);
        if (!checked) return checked;
    }
    if (request.body_too_large || request.content_length > body_limit) {
        return fail(ErrorKind::too_large,
                    fmt::format("The body must not be over {} bytes.", body_limit));
    }
    return {};
}

}  // namespace

Expected<Plan> make_plan(std::span<const Resource> resources, const http::Request& request,
                         std::uint64_t body_limit) {
    const auto target = http::parse_target(request.target);
    auto route = http::match(resources, request.method, target);
    if (!route) return std::unexpected(std::move(route.error()));
    Plan plan{.route = std::move(*route), .preconditions = {}, .change = {}};
    const auto mode = mode_of(plan.route.action);
    if (auto checked = check_before_body(request, mode, body_limit); !checked) {
        return std::unexpected(std::move(checked.error()));
    }
    if (takes_preconditions(plan.route.action)) {
        auto conditions = http::parse_preconditions(request.if_match, request.if_none_match);
        if (!conditions) return std::unexpected(std::move(conditions.error()));
        plan.preconditions = std::move(*conditions);
    }
    auto errors = check_query(plan.route, target.query);
    if (mode) {
        auto change = validate(*plan.route.resource, *mode, request.body);
        if (!change) {
            Error error = std::move(change.error());
            if (error.kind == ErrorKind::unprocessable)
                std::ranges::move(errors, std::back_inserter(error.fields));
            return std::unexpected(std::move(error));
        }
        plan.change = std::move(*change);
    }
    if (!errors.empty()) return std::unexpected(http::invalid_parameters(std::move(errors)));
    return plan;
}

}  // namespace larder
