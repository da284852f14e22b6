#pragma once

#include "catalog/resource.hpp"
#include "json/value.hpp"

/// Examples that follow a resource's own rules, so that a server accepts them as they stand.
namespace larder::openapi {

/// The id of a record, which a fresh stack has.
json::Value id_example(IdType type);

/// Bodies of POST, PUT and PATCH. That of POST leaves out optional unique fields, so that it can be
/// sent again and again; the others touch no unique field.
json::Value create_example(const Resource& resource);
json::Value replace_example(const Resource& resource);
json::Value patch_example(const Resource& resource);

/// The record that POST makes of its example.
json::Value record_example(const Resource& resource);

}  // namespace larder::openapi
