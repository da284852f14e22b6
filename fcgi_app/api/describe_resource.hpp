#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/resource.hpp"
#include "error.hpp"
#include "json/value.hpp"

/// What the descriptions of several operations on a resource share. Pure.
namespace larder::openapi {

/// `an employee`, `a product`.
std::string one_of(const Resource& resource);

std::string tag_of(const Resource& resource);

/// `{"cached": …, "<member>": …}`, or the value itself where answers are bare.
json::Value wrapped_schema(const Resource& resource, std::string_view member, json::Value schema);
json::Value wrapped_example(const Resource& resource, std::string_view member, json::Value example);

json::Value success(std::string_view meaning, json::Value header_map, json::Value content_map);
json::Value record_content(const Resource& resource);
json::Value body_of(std::string_view media_type, const std::string& schema, json::Value example);

/// What a write with a body may be refused for, in the order of the statuses.
std::vector<ErrorKind> write_errors(bool of_a_record);

/// The path parameter of the record, which is the component `id_parameter_name`.
std::string id_parameter_name(const Resource& resource);
json::Value id_parameter(const Resource& resource);

}  // namespace larder::openapi
