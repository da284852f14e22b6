#pragma once

#include <span>
#include <string>

#include "error.hpp"
#include "http/request.hpp"
#include "http/target.hpp"
#include "resource/resource.hpp"

namespace larder::http {

enum class Action {
    welcome,
    greet,
    health,
    metrics,
    clear_caches,
    page,  ///< a file, which nginx serves; only its other methods come here
    list,
    read,
    create,
    replace,
    patch,
    remove,
    options,
};

/// The largest `limit` of a list.
inline constexpr int longest_list = 1000000;

/// The kinds of paths; `unknown` is every path where there is nothing.
enum class PathKind {
    unknown,
    welcome,
    greeting,
    greeting_by_name,
    health,
    metrics,
    openapi,
    docs,
    redoc,
    status,
    clear_caches,
    collection,
    list,
    record,
};

/// Where a target leads to, whatever the method. `resource` and `list` point into the resources
/// given to the router. A `collection` has a `list` if it can be listed.
struct Location {
    PathKind path = PathKind::unknown;
    const Resource* resource = nullptr;
    const List* list = nullptr;
};

/// Pure; any thread. `resources` must outlive the result.
Location locate(std::span<const Resource> resources, const Target& target);

/// The path as documentation writes it, such as `/employees/{id}`; `unknown` where there is none.
std::string path_template(const Location& location);

/// What a request asks for.
struct Route : Location {
    Action action = Action::welcome;
    std::string id = {};     ///< canonical, for read, replace, patch and remove
    std::string text = {};   ///< whom to greet; the Allow header for options
    std::string limit = {};  ///< of a list: the query parameter; empty: all
};

/// Finds the route of a request among `resources`, which must outlive it. Fails with `not_found`
/// before `method_not_allowed` (which carries Allow), as the contract orders. Pure; any thread.
Expected<Route> match(std::span<const Resource> resources, Method method, const Target& target);

}  // namespace larder::http
