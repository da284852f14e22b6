#pragma once

#include "catalog/resource.hpp"
#include "json/value.hpp"

namespace larder::openapi {

/// The parameters of a list, each with its type. Pure.
json::Value::Array parameters_of_list(const Resource& resource, const List& list);

}  // namespace larder::openapi
