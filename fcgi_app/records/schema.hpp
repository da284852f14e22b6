#pragma once

#include <span>
#include <string>

#include "catalog/resource.hpp"
#include "settings.hpp"

namespace larder {

/// What PostgreSQL says of the schema.
enum class SchemaState {
    current,
    behind,   ///< something that a resource needs is missing, or cannot do what it is needed for
    unknown,  ///< PostgreSQL is out of reach; a worker may start all the same
};

/// Gives what the environment leaves open to libpq: encoding, connection time-out, application
/// name. To be called before any thread is started.
void set_connection_defaults(const Settings& settings, const std::string& program);

struct SchemaReport {
    SchemaState state = SchemaState::current;
    std::string text;          ///< one line for the operator: what is so, and what to do
    std::string missing = {};  ///< privileges that some requests need (records/privileges.hpp)
};

/// Asks PostgreSQL whether it can do every statement of these resources, decide on their unique
/// values, and knows their references.
SchemaReport check_schema(const Settings& settings, std::span<const Resource> resources);

}  // namespace larder
