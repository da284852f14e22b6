#include "gateway/plan.hpp"

#include <fmt/format.h>

#include <optional>

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

Expected<void> check_limit(std::string_view limit) {
    const auto value = to_number<int>(limit);
    if (limit.empty() || (value && *value >= 1 && *value <= http::longest_list)) return {};
    return fail(
        ErrorKind::unprocessable,
        fmt::format("The parameter limit must be a number from 1 to {}.", http::longest_list));
}

}  // namespace

Expected<Plan> make_plan(std::span<const Resource> resources, const http::Request& request,
                         std::uint64_t body_limit) {
    const auto target = http::parse_target(request.target);
    auto route = http::match(resources, request.method, target);
    if (!route) return std::unexpected(std::move(route.error()));
    Plan plan{.route = std::move(*route), .change = {}};
    const auto mode = mode_of(plan.route.action);
    if (mode) {
        if (auto checked = check_content_type(*mode, request); !checked) {
            return std::unexpected(std::move(checked.error()));
        }
    }
    if (request.body_too_large || request.content_length > body_limit) {
        return fail(ErrorKind::too_large,
                    fmt::format("The body must not be over {} bytes.", body_limit));
    }
    if (plan.route.action == Action::list) {
        if (auto checked = check_limit(plan.route.limit); !checked) {
            return std::unexpected(std::move(checked.error()));
        }
    }
    if (!mode) return plan;
    auto change = validate(*plan.route.resource, *mode, request.body);
    if (!change) return std::unexpected(std::move(change.error()));
    plan.change = std::move(*change);
    return plan;
}

}  // namespace larder
