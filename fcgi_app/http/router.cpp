#include "http/router.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "resource/identifier.hpp"

namespace larder::http {

namespace {

/// The paths of one segment that belong to no resource.
using LoneSegment = std::pair<std::string_view, PathKind>;
constexpr std::array<LoneSegment, 7> lone_segments = {{
    {"user", PathKind::greeting},
    {"health", PathKind::health},
    {"metrics", PathKind::metrics},
    {"openapi.json", PathKind::openapi},
    {"docs", PathKind::docs},
    {"redoc", PathKind::redoc},
    {"status", PathKind::status},
}};

/// The methods of one path with what they do, in the order of Allow. GET includes HEAD.
using Methods = std::initializer_list<std::pair<Method, Action>>;

std::string_view allow_name(Method method) {
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
    for (const auto& [method, action] : methods) value.append(allow_name(method)).append(", ");
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

Location locate_in(const Resource& resource, const Target& target) {
    Location location{.path = PathKind::record, .resource = &resource};
    const bool is_collection = target.segments.size() == 1;
    const std::string_view path = is_collection ? std::string_view() : target.segments[1];
    if (is_collection || !path.empty()) {
        const auto list = std::ranges::find(resource.lists, path, &List::path);
        if (list != resource.lists.end()) location.list = &*list;
    }
    if (is_collection) {
        location.path = PathKind::collection;
    } else if (location.list != nullptr) {
        location.path = PathKind::list;
    }
    return location;
}

Expected<Route> match_collection(Method method, Route route) {
    if (route.list == nullptr)
        return choose({{Method::post, Action::create}}, method, std::move(route));
    return choose({{Method::get, Action::list}, {Method::post, Action::create}}, method,
                  std::move(route));
}

Expected<Route> match_record(Method method, const std::string& segment, Route route) {
    auto id = canonical_id(route.resource->id, segment);
    if (!id) return fail(ErrorKind::not_found, route.resource->not_found(segment));
    route.id = std::move(*id);
    return choose({{Method::get, Action::read},
                   {Method::put, Action::replace},
                   {Method::patch, Action::patch},
                   {Method::remove, Action::remove}},
                  method, std::move(route));
}

Expected<Route> match_greeting(Method method, std::string name, Route route) {
    route.text = std::move(name);
    return choose({{Method::get, Action::greet}}, method, std::move(route));
}

/// Whom `/user?name=` greets.
std::string named_guest(const Target& target) {
    const std::string name = target.parameter("name").value_or("");
    return name.empty() ? "Guest" : name;
}

}  // namespace

Location locate(std::span<const Resource> resources, const Target& target) {
    const auto& segments = target.segments;
    if (segments.empty()) return {.path = PathKind::welcome};
    if (segments.size() > 2) return {};
    const auto resource = std::ranges::find(resources, segments[0], &Resource::name);
    if (resource != resources.end()) return locate_in(*resource, target);
    if (segments.size() == 2) {
        if (segments[0] == "user" && !segments[1].empty()) {
            return {.path = PathKind::greeting_by_name};
        }
        if (segments[0] == "cache" && segments[1] == "clear") {
            return {.path = PathKind::clear_caches};
        }
        return {};
    }
    const auto* lone = std::ranges::find(lone_segments, segments[0], &LoneSegment::first);
    return {.path = lone == lone_segments.end() ? PathKind::unknown : lone->second};
}

std::string path_template(const Location& location) {
    switch (location.path) {
        case PathKind::unknown: return "unknown";
        case PathKind::welcome: return "/";
        case PathKind::greeting_by_name: return "/user/{name}";
        case PathKind::clear_caches: return "/cache/clear";
        case PathKind::collection: return fmt::format("/{}", location.resource->name);
        case PathKind::list: return location.resource->path_of(location.list->path);
        case PathKind::record: return location.resource->path_of("{id}");
        default: break;
    }
    const auto* lone = std::ranges::find(lone_segments, location.path, &LoneSegment::second);
    return fmt::format("/{}", lone->first);
}

Expected<Route> match(std::span<const Resource> resources, Method method, const Target& target) {
    Route route{locate(resources, target)};
    // Nothing in Larder is called so. A name to greet is looked at where it is used.
    if (!target.is_text && route.path != PathKind::greeting_by_name) route.path = PathKind::unknown;
    if (route.list != nullptr) route.limit = target.parameter("limit").value_or("");
    switch (route.path) {
        case PathKind::unknown: break;
        case PathKind::welcome:
            return choose({{Method::get, Action::welcome}}, method, std::move(route));
        case PathKind::greeting:
            return match_greeting(method, named_guest(target), std::move(route));
        case PathKind::greeting_by_name:
            return match_greeting(method, target.segments[1], std::move(route));
        case PathKind::health:
            return choose({{Method::get, Action::health}}, method, std::move(route));
        case PathKind::metrics:
            return choose({{Method::get, Action::metrics}}, method, std::move(route));
        case PathKind::openapi:
        case PathKind::docs:
        case PathKind::redoc:
        case PathKind::status:
            return choose({{Method::get, Action::page}}, method, std::move(route));
        case PathKind::clear_caches:
            return choose({{Method::post, Action::clear_caches}}, method, std::move(route));
        case PathKind::collection: return match_collection(method, std::move(route));
        case PathKind::list: return choose({{Method::get, Action::list}}, method, std::move(route));
        case PathKind::record: return match_record(method, target.segments[1], std::move(route));
    }
    return fail(ErrorKind::not_found, "There is nothing at this path.");
}

}  // namespace larder::http
