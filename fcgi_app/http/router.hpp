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

/// What a request asks for. `resource` and `list` point into the resources given to the router.
struct Route {
    Action action = Action::welcome;
    const Resource* resource = nullptr;
    const List* list = nullptr;
    std::string id;     ///< canonical, for read, replace, patch and remove
    std::string text;   ///< whom to greet; the Allow header for options
    std::string limit;  ///< of a list: the query parameter; empty: all
};

/// Finds the route of a request among `resources`, which must outlive it. Fails with `not_found`
/// before `method_not_allowed` (which carries Allow), as the contract orders. Pure; any thread.
Expected<Route> match(std::span<const Resource> resources, Method method, const Target& target);

}  // namespace larder::http
