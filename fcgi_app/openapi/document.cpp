#include "openapi/document.hpp"

#include <fmt/format.h>

#include <iterator>

#include "openapi/components.hpp"
#include "openapi/operation.hpp"
#include "openapi/resource_paths.hpp"
#include "openapi/schema.hpp"
#include "openapi/service_paths.hpp"

namespace larder::openapi {

namespace {

constexpr std::string_view introduction =
    "Records behind two caches, neither of which is ever stale after an answered write. `X-Cache`"
    " tells where an answer comes from.\n\n"
    "Decimals are exact: `24.90` comes back as `24.90`. Errors are problem details (RFC 9457). A"
    " request is checked in this order: path (404), method (405), content type (415), size (413),"
    " JSON (400), values (422), record (404), `If-Match` (412), uniqueness (409).";

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

Value paths(std::span<const Resource> resources) {
    Value::Object all;
    for (const Resource& resource : resources) append(all, resource_paths(resource));
    append(all, service_paths());
    return all;
}

Value components(std::span<const Resource> resources) {
    Value::Object schemas;
    Value::Object parameters = common_parameters();
    for (const Resource& resource : resources) {
        append(schemas, resource_schemas(resource));
        parameters.emplace_back(id_parameter_name(resource), id_parameter(resource));
    }
    append(schemas, service_schemas());
    append(schemas, common_schemas());
    return object({{"schemas", std::move(schemas)},
                   {"parameters", std::move(parameters)},
                   {"headers", common_headers()},
                   {"responses", common_responses()}});
}

}  // namespace

std::string document(std::span<const Resource> resources) {
    const Value licence = object({{"name", "MIT"}, {"identifier", "MIT"}});
    return object({{"openapi", "3.1.0"},
                   {"info", object({{"title", "Larder"},
                                    {"version", LARDER_VERSION},
                                    {"description", introduction},
                                    {"license", licence}})},
                   {"servers", array({object({{"url", "/"}})})},
                   {"security", Value::Array{}},
                   {"tags", tags(resources)},
                   {"paths", paths(resources)},
                   {"components", components(resources)}})
        .text();
}

}  // namespace larder::openapi
