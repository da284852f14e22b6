#pragma once

#include "json/value.hpp"

namespace larder::openapi {

/// The paths that belong to no resource: greetings, health, the caches, documentation (entries of a
/// Paths Object).
json::Value::Object service_paths();

/// The schemas that they refer to.
json::Value::Object service_schemas();

}  // namespace larder::openapi
