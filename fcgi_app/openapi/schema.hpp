#pragma once

#include <string>

#include "catalog/resource.hpp"
#include "json/value.hpp"

/// The rules of a resource as JSON Schema (2020-12).
namespace larder::openapi {

/// The names of a resource's schemas: of a record, of the body of POST, and of that of PUT and
/// PATCH.
std::string record_schema_name(const Resource& resource);
std::string new_record_schema_name(const Resource& resource);
std::string change_schema_name(const Resource& resource);

/// The three schemas by their names.
json::Value::Object resource_schemas(const Resource& resource);

json::Value id_schema(IdType type);

/// Any value of a type.
json::Value type_schema(const FieldType& type);

}  // namespace larder::openapi
