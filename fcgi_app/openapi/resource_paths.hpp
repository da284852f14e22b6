#pragma once

#include "json/value.hpp"
#include "resource/resource.hpp"

namespace larder::openapi {

/// Every path of a resource: the collection, its further lists, and a record (entries of a Paths
/// Object).
json::Value::Object resource_paths(const Resource& resource);

/// The path parameter of the record, which is the component `id_parameter_name`.
std::string id_parameter_name(const Resource& resource);
json::Value id_parameter(const Resource& resource);

}  // namespace larder::openapi
