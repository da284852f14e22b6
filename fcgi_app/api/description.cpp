#include "api/description.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "access/rights.hpp"
#include "api/authorize.hpp"
#include "api/describe_resource.hpp"
#include "api/operations.hpp"
#include "api/routes.hpp"
#include "openapi/components.hpp"
#include "openapi/operation.hpp"
#include "openapi/schema.hpp"

namespace larder::openapi {

namespace {

constexpr std::string_view introduction =
    "Records behind two caches, neither of which is ever stale after an answered write. `X-Cache`"
    " tells where an answer comes from.\n\n"
    "Decimals are exact: `24.90` comes back as `24.90`. Errors are problem details (RFC 9457). A"
    " request is checked in this order: host (421), path (404), method (405), token (401), right"
    " and origin (403), form (406), content type and encoding (415), size (413), JSON (400), "
    "values and"
    " parameters (422), record (404), `If-Match` and `If-None-Match` (412), uniqueness (409).";

Value tag(std::string_view name, std::string_view meaning) {
    return object({{"name", name}, {"description", meaning}});
}

Value tags(std::span<const Resource> resources) {
    Value::Array all;
    for (const Resource& resource : resources) {
        all.push_back(tag(joined(resource.name), fmt::format("Records of /{}.", resource.name)));
    }
    all.push_back(tag(service_tag, "Greetings, health and caches."));
    all.push_back(tag(documentation_tag, "Pages for people, and this description."));
    all.push_back(tag(common_tag, "What every path knows besides."));
    return all;
}

void append(Value::Object& members, Value::Object more) {
    members.insert(members.end(), std::move_iterator(more.begin()), std::move_iterator(more.end()));
}

/// The parameter that all methods of a path share: the id of a record.
Value::Array shared_parameters(const Routes::Path& path) {
    const Resource* resource = path.operations.front()->endpoint().resource;
    if (resource == nullptr || !path.pattern.ends_with('}')) return {};
    return {reference("parameters", id_parameter_name(*resource))};
}

/// What AUTH=on adds to an operation.
void guard(OperationObject& operation, const Endpoint& endpoint) {
    if (endpoint.is_open) {
        operation.security = no_token();
        return;
    }
    operation.errors.push_back(ErrorKind::unauthorized);
    operation.errors.push_back(ErrorKind::unavailable);
    std::vector<std::string> roles = {std::string(endpoint.role)};
    if (endpoint.resource != nullptr) {
        roles = access::roles_for(*endpoint.resource, action_of(endpoint));
    }
    if (std::ranges::find(roles, anyone) != roles.end()) {
        operation.security = optional_token();
        return;
    }
    operation.security = a_token();
    operation.errors.push_back(ErrorKind::forbidden);
    roles.emplace_back("admin");
    std::erase(roles, "");
    operation.description +=
        fmt::format("{}For the role `{}`.", operation.description.empty() ? "" : "\n\n",
                    fmt::join(roles, "` or `"));
}

Value path_object(const Routes::Path& path, bool is_guarded) {
    std::vector<OperationObject> operations;
    operations.reserve(path.operations.size());
    for (const auto* operation : path.operations) {
        operations.push_back(operation->describe());
    }
    auto parameters = shared_parameters(path);
    std::vector<ErrorKind> errors;
    if (!parameters.empty()) errors.push_back(ErrorKind::not_found);
    // Who may not read may not ask for the methods either.
    const auto& refusals = operations.front().errors;
    if (std::ranges::find(refusals, ErrorKind::forbidden) != refusals.end()) {
        errors.push_back(ErrorKind::forbidden);
    }
    if (is_guarded) {
        for (std::size_t i = 0; i < operations.size(); ++i) {
            guard(operations[i], path.operations[i]->endpoint());
        }
    }
    // The name that a path greets stands at the path.
    if (parameters.empty() && operations.size() == 1 && path.pattern.starts_with("/user")) {
        parameters = std::exchange(operations.front().parameters, {});
    }
    return path_item(std::move(parameters), operations, errors);
}

Value paths(const Operations& operations, bool is_guarded) {
    const Routes routes(operations);
    Value::Object all;
    for (const auto& operation : operations) {
        const std::string& pattern = operation->endpoint().path;
        const bool is_there = std::ranges::find(all, pattern, &Value::Member::first) != all.end();
        if (!is_there) all.emplace_back(pattern, path_object(routes.path_at(pattern), is_guarded));
    }
    return all;
}

Value components(std::span<const Resource> resources, bool is_guarded) {
    Value::Object schemas;
    Value::Object parameters = common_parameters();
    for (const Resource& resource : resources) {
        append(schemas, resource_schemas(resource));
        parameters.emplace_back(id_parameter_name(resource), id_parameter(resource));
    }
    schemas.emplace_back("Health", health_schema());
    append(schemas, common_schemas());
    Value::Object members = {{"schemas", std::move(schemas)},
                             {"parameters", std::move(parameters)},
                             {"headers", common_headers(is_guarded)},
                             {"responses", common_responses(is_guarded)}};
    if (is_guarded) members.emplace_back("securitySchemes", security_schemes());
    return members;
}

}  // namespace

std::string document(std::span<const Resource> resources, std::string_view public_path,
                     bool is_guarded) {
    const Operations operations = all_operations(resources);
    const Value licence = object({{"name", "MIT"}, {"identifier", "MIT"}});
    return object({{"openapi", "3.1.0"},
                   {"info", object({{"title", "Larder"},
                                    {"version", LARDER_VERSION},
                                    {"description", introduction},
                                    {"license", licence}})},
                   {"servers", array({object({{"url", public_path.empty() ? "/" : public_path}})})},
                   {"security", is_guarded ? a_token() : no_token()},
                   {"tags", tags(resources)},
                   {"paths", paths(operations, is_guarded)},
                   {"components", components(resources, is_guarded)}})
        .text();
}

}  // namespace larder::openapi
