#pragma once

#include <string>
#include <string_view>

#include "catalog/resource.hpp"
#include "openapi/operation.hpp"

/// How the import of rows is described, as a part of POST. Pure.
namespace larder::openapi {

/// In Markdown.
std::string import_description(const Resource& resource);

/// The parameters of the query (Parameter Objects), in the order of import_parameters.
json::Value::Array describe_import_parameters(const Resource& resource);

/// The body of POST: a record as this media type, or rows.
json::Value with_import(const Resource& resource, std::string_view media_type, json::Value schema,
                        json::Value example);

/// What has become of the rows.
json::Value import_response();

}  // namespace larder::openapi
