#include "access/rights.hpp"

#include <algorithm>

#include "access/identity.hpp"

namespace larder::access {

namespace {

bool has(std::span<const std::string> roles, std::string_view role) {
    return std::ranges::find(roles, role) != roles.end();
}

}  // namespace

const std::vector<std::string>& roles_for(const Resource& resource, Action action) {
    switch (action) {
        case Action::read: return resource.rights.read;
        case Action::create: return resource.rights.create;
        case Action::change: return resource.rights.change;
        case Action::remove: break;
    }
    return resource.rights.remove;
}

bool may(std::span<const std::string> roles, const Resource& resource, Action action) {
    if (has(roles, admin_role)) return true;
    return std::ranges::any_of(roles_for(resource, action), [&](const std::string& role) {
        return role == anyone || has(roles, role);
    });
}

bool may_as(std::span<const std::string> roles, std::string_view role) {
    return has(roles, admin_role) || (!role.empty() && has(roles, role));
}

std::vector<std::string> readable(std::span<const std::string> roles,
                                  std::span<const Resource> resources) {
    std::vector<std::string> names;
    for (const Resource& resource : resources) {
        if (may(roles, resource, Action::read)) names.push_back(resource.name);
    }
    return names;
}

}  // namespace larder::access
