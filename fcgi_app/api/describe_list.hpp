#pragma once

#include <vector>

#include "catalog/resource.hpp"
#include "error.hpp"
#include "json/value.hpp"

namespace larder::openapi {

/// The parameters of a list, each with its type. Pure.
json::Value::Array parameters_of_list(const Resource& resource, const List& list);

/// The content of a list in each form that it has, and what it can fail with. Pure.
json::Value content_of_list(const Resource& resource);
std::vector<ErrorKind> errors_of_list(const Resource& resource);

}  // namespace larder::openapi
