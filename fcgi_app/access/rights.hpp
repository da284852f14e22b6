#pragma once

#include <span>
#include <string>
#include <vector>

#include "catalog/resource.hpp"

/// Who may do what. This is the one place that decides: for the requests that workers answer, for
/// the lists that nginx answers by itself (access/links.hpp), and for the OpenAPI document. Pure;
/// any thread.
namespace larder::access {

/// What is done to records of a resource. HEAD and a list of records read too.
enum class Action { read, create, change, remove };

/// The roles that a description names for this.
const std::vector<std::string>& roles_for(const Resource& resource, Action action);

/// Whether a client may. `roles` are those of its token (access/identity.hpp); none without a
/// token.
bool may(std::span<const std::string> roles, const Resource& resource, Action action);

/// Whether a client with these roles may what belongs to no resource: `admin` may, and `role`, if
/// it is not empty.
bool may_as(std::span<const std::string> roles, std::string_view role);

/// The names of the resources that may be read, in their order.
std::vector<std::string> readable(std::span<const std::string> roles,
                                  std::span<const Resource> resources);

}  // namespace larder::access
