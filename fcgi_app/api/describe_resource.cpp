#include "api/describe_resource.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include "http/response.hpp"
#include "openapi/components.hpp"
#include "openapi/example.hpp"
#include "openapi/operation.hpp"
#include "openapi/schema.hpp"

namespace larder::openapi {

std::string one_of(const Resource& resource) {
    std::string noun(resource.title);
    std::ranges::transform(noun, noun.begin(), [](unsigned char c) { return std::tolower(c); });
    return (std::string_view("aeiou").contains(noun.front()) ? "an " : "a ") + noun;
}

std::string tag_of(const Resource& resource) { return joined(resource.name); }

Value wrapped_schema(const Resource& resource, std::string_view member, Value schema) {
    if (!resource.is_wrapped()) return schema;
    const Value cached =
        object({{"type", "boolean"}, {"description", "Whether the answer comes from a cache."}});
    return object(
        {{"type", "object"},
         {"required", array({"cached", member})},
         {"properties", object({{"cached", cached}, {std::string(member), std::move(schema)}})}});
}

Value wrapped_example(const Resource& resource, std::string_view member, Value example) {
    if (!resource.is_wrapped()) return example;
    return object({{"cached", false}, {std::string(member), std::move(example)}});
}

Value success(std::string_view meaning, Value header_map, Value content_map) {
    return object({{"description", meaning},
                   {"headers", std::move(header_map)},
                   {"content", std::move(content_map)}});
}

Value record_content(const Resource& resource) {
    return content(http::json_type, reference("schemas", record_schema_name(resource)),
                   record_example(resource));
}

Value body_of(std::string_view media_type, const std::string& schema, Value example) {
    return object(
        {{"required", true},
         {"content", content(media_type, reference("schemas", schema), std::move(example))}});
}

std::vector<ErrorKind> write_errors(bool of_a_record) {
    std::vector<ErrorKind> kinds = {ErrorKind::bad_request};
    if (of_a_record) kinds.push_back(ErrorKind::not_found);
    kinds.push_back(ErrorKind::conflict);
    if (of_a_record) kinds.push_back(ErrorKind::precondition_failed);
    kinds.insert(kinds.end(), {ErrorKind::too_large, ErrorKind::unsupported_media_type,
                               ErrorKind::unprocessable, ErrorKind::unavailable});
    return kinds;
}

std::string id_parameter_name(const Resource& resource) { return joined(resource.title) + "Id"; }

Value id_parameter(const Resource& resource) {
    return object({{"name", "id"},
                   {"in", "path"},
                   {"required", true},
                   {"schema", id_schema(resource.id)},
                   {"example", id_example(resource.id)}});
}

}  // namespace larder::openapi
