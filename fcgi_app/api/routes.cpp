#include "api/routes.hpp"

#include <algorithm>

#include "catalog/identifier.hpp"

namespace larder {

namespace {

std::string_view allow_name(http::Method method) {
    switch (method) {
        case http::Method::get: return "GET, HEAD";
        case http::Method::post: return "POST";
        case http::Method::put: return "PUT";
        case http::Method::patch: return "PATCH";
        case http::Method::remove: return "DELETE";
        default: return {};
    }
}

}  // namespace

Routes::Routes(const Operations& operations) {
    for (const auto& operation : operations) {
        const std::string& pattern = operation->endpoint().path;
        Path& path = place_of(pattern);
        if (path.operations.empty()) {
            path.number = count_++;
            path.pattern = pattern;
        }
        path.operations.push_back(operation.get());
    }
}

Routes::Path& Routes::place_of(const std::string& pattern) {
    const auto target = http::parse_target(pattern);
    if (target.segments.empty()) return nodes_[""].path;
    Node& node = nodes_[target.segments[0]];
    if (target.segments.size() == 1) return node.path;
    const std::string& second = target.segments[1];
    return second.starts_with('{') ? node.with_argument : node.further[second];
}

// With `{id}` for an argument the pattern is a target of its own path.
const Routes::Path& Routes::path_at(const std::string& pattern) const {
    return path_of(http::parse_target(pattern));
}

const Routes::Path& Routes::path_of(const http::Target& target) const {
    const auto& segments = target.segments;
    if (segments.size() > 2) return nothing_;
    const auto node = nodes_.find(segments.empty() ? std::string_view() : segments[0]);
    // An empty first segment is no root: the path is `//x`, or it has only a slash too many.
    if (node == nodes_.end() || (!segments.empty() && segments[0].empty())) return nothing_;
    if (segments.size() < 2) return node->second.path;
    const auto further = node->second.further.find(segments[1]);
    if (further != node->second.further.end()) return further->second;
    return node->second.with_argument;
}

Expected<std::string> Routes::argument_of(const Path& path, const http::Target& target) {
    if (!path.pattern.ends_with('}')) return std::string();
    const std::string& segment = target.segments[1];
    const Resource* resource = path.operations.front()->endpoint().resource;
    if (resource == nullptr) {
        if (!segment.empty()) return segment;
        return fail(ErrorKind::not_found, "There is nothing at this path.");
    }
    auto id = target.is_text ? canonical_id(resource->id, segment) : std::nullopt;
    if (id) return std::move(*id);
    return fail(ErrorKind::not_found,
                target.is_text ? resource->not_found(segment) : "There is nothing at this path.");
}

Expected<const Operation*> Routes::operation_of(const Path& path, http::Method method) {
    const http::Method wanted = method == http::Method::head ? http::Method::get : method;
    const auto found = std::ranges::find(path.operations, wanted, [](const Operation* operation) {
        return operation->endpoint().method;
    });
    if (found != path.operations.end()) return *found;
    const std::string allow = allowed(path);
    return std::unexpected(Error{.kind = ErrorKind::method_not_allowed,
                                 .detail = "This path knows the methods " + allow + ".",
                                 .headers = "Allow: " + allow + "\r\n"});
}

std::string Routes::allowed(const Path& path) {
    std::string value;
    for (const Operation* operation : path.operations) {
        value.append(allow_name(operation->endpoint().method)).append(", ");
    }
    return value + "OPTIONS";
}

std::vector<std::string> Routes::patterns() const {
    std::vector<std::string> found(count_);
    const auto add = [&](const Path& path) { found[path.number] = path.pattern; };
    for (const auto& [first, node] : nodes_) {
        add(node.path);
        add(node.with_argument);
        for (const auto& [second, path] : node.further) add(path);
    }
    add(nothing_);
    return found;
}

}  // namespace larder
