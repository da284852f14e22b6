#include "http/router.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "resource/identifier.hpp"

namespace larder::http {

namespace {

/// The methods of one path with what they do, in the order of Allow. GET includes HEAD.
using Methods = std::initializer_list<std::pair<Method, Action>>;

std::string_view name_of(Method method) {
    switch (method) {
        case Method::get: return "GET, HEAD";
        case Method::post: return "POST";
        case Method::put: return "PUT";
        case Method::patch: return "PATCH";
        case Method::remove: return "DELETE";
        default: return {};
    }
}

std::string allow_header(Methods methods) {
    std::string value;
    for (const auto& [method, action] : methods) value.append(name_of(method)).append(", ");
    return value + "OPTIONS";
}

Expected<Route> choose(Methods methods, Method method, Route route) {
    const Method wanted = method == Method::head ? Method::get : method;
    for (const auto& [known, action] : methods) {
        if (known == wanted) {
            route.action = action;
            return route;
        }
    }
    const std::string allow = allow_header(methods);
    if (method == Method::options) {
        route.action = Action::options;
        route.text = allow;
        return route;
    }
    return std::unexpected(Error{.kind = ErrorKind::method_not_allowed,
                                 .detail = "This path knows the methods " + allow + ".",
                                 .headers = "Allow: " + allow + "\r\n"});
}

std::unexpected<Error> no_route() {
    return fail(ErrorKind::not_found, "There is nothing at this path.");
}

Expected<Route> match_resource(const Resource& resource, Method method, const Target& target) {
    Route route;
    route.resource = &resource;
    const std::string_view path =
        target.segments.size() > 1 ? std::string_view(target.segments[1]) : std::string_view();
    const bool is_collection = target.segments.size() == 1;
    if (is_collection || !path.empty()) {
        const auto list = std::ranges::find(resource.lists, path, &List::path);
        if (list != resource.lists.end()) {
            route.list = &*list;
            route.limit = target.parameter("limit").value_or("");
        }
    }
    if (is_collection) {
        if (route.list == nullptr) return choose({{Method::post, Action::create}}, method, route);
        return choose({{Method::get, Action::list}, {Method::post, Action::create}}, method, route);
    }
    if (route.list != nullptr) return choose({{Method::get, Action::list}}, method, route);
    auto id = canonical_id(resource.id, path);
    if (!id) return fail(ErrorKind::not_found, resource.not_found(path));
    route.id = std::move(*id);
    return choose({{Method::get, Action::read},
                   {Method::put, Action::replace},
                   {Method::patch, Action::patch},
                   {Method::remove, Action::remove}},
                  method, route);
}

Expected<Route> match_greeting(Method method, const Target& target) {
    Route route;
    if (target.segments.size() == 2) {
        route.text = target.segments[1];
        if (route.text.empty()) return no_route();
    } else {
        route.text = target.parameter("name").value_or("");
        if (route.text.empty()) route.text = "Guest";
    }
    return choose({{Method::get, Action::greet}}, method, route);
}

bool is_page(std::string_view name) {
    return name == "openapi.json" || name == "docs" || name == "redoc" || name == "status";
}

}  // namespace

Expected<Route> match(std::span<const Resource> resources, Method method, const Target& target) {
    const auto& segments = target.segments;
    if (segments.empty()) return choose({{Method::get, Action::welcome}}, method, {});
    if (segments.size() > 2) return no_route();
    const auto resource = std::ranges::find(resources, segments[0], &Resource::name);
    if (resource != resources.end()) return match_resource(*resource, method, target);
    if (segments[0] == "user") return match_greeting(method, target);
    if (segments.size() == 1 && segments[0] == "health") {
        return choose({{Method::get, Action::health}}, method, {});
    }
    if (segments.size() == 1 && is_page(segments[0])) {
        return choose({{Method::get, Action::page}}, method, {});
    }
    if (segments.size() == 2 && segments[0] == "cache" && segments[1] == "clear") {
        return choose({{Method::post, Action::clear_caches}}, method, {});
    }
    return no_route();
}

}  // namespace larder::http
