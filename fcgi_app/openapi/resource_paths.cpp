#include "openapi/resource_paths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "http/request.hpp"
#include "http/response.hpp"
#include "openapi/components.hpp"
#include "openapi/example.hpp"
#include "openapi/operation.hpp"
#include "openapi/schema.hpp"

namespace larder::openapi {

namespace {

/// `an employee`, `a product`.
std::string one_of(const Resource& resource) {
    std::string noun(resource.title);
    std::ranges::transform(noun, noun.begin(), [](unsigned char c) { return std::tolower(c); });
    return (std::string_view("aeiou").contains(noun.front()) ? "an " : "a ") + noun;
}

std::string tag_of(const Resource& resource) { return joined(resource.name); }

bool has_unique_field(const Resource& resource) {
    return std::ranges::find(resource.fields, true, &Field::unique) != resource.fields.end();
}

/// `{"cached": …, "<member>": …}`, or the value itself where answers are bare.
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

Value record_success(const Resource& resource, std::string_view meaning) {
    return success(meaning, headers({"ETag"}), record_content(resource));
}

Value body_of(std::string_view media_type, const std::string& schema, Value example) {
    return object(
        {{"required", true},
         {"content", content(media_type, reference("schemas", schema), std::move(example))}});
}

/// What a write with a body may be refused for, in the order of the statuses.
std::vector<ErrorKind> write_errors(const Resource& resource, bool of_a_record) {
    std::vector<ErrorKind> kinds = {ErrorKind::bad_request};
    if (of_a_record) kinds.push_back(ErrorKind::not_found);
    if (has_unique_field(resource)) kinds.push_back(ErrorKind::conflict);
    if (of_a_record) kinds.push_back(ErrorKind::precondition_failed);
    kinds.insert(kinds.end(), {ErrorKind::too_large, ErrorKind::unsupported_media_type,
                               ErrorKind::unprocessable, ErrorKind::unavailable});
    return kinds;
}

Operation list_operation(const Resource& resource, const List& list) {
    const Value items =
        object({{"type", "array"}, {"items", reference("schemas", record_schema_name(resource))}});
    const std::string name = list.path.empty() ? "" : fmt::format(": {}", list.path);
    return {.method = "get",
            .id = "list" + joined(resource.name) + joined(list.path),
            .tag = tag_of(resource),
            .summary = fmt::format("List {}{}", resource.name, name),
            .description = std::string(list.meaning),
            .parameters = {reference("parameters", "Limit")},
            .responses = {{"200",
                           success("The records, all of them unless there is a limit.",
                                   headers({"X-Cache"}),
                                   content(http::json_type,
                                           wrapped_schema(resource, resource.envelope.list, items),
                                           wrapped_example(resource, resource.envelope.list,
                                                           array({record_example(resource)}))))},
                          {"422", reference("responses", "InvalidParameter")}},
            .errors = {ErrorKind::unavailable}};
}

/// Where the id in the answer to POST leads (Link Objects).
Value links(const Resource& resource) {
    Value::Object members;
    for (const std::string_view verb : {"read", "update", "patch", "delete"}) {
        members.emplace_back(verb,
                             object({{"operationId", std::string(verb) + joined(resource.title)},
                                     {"parameters", object({{"id", "$response.body#/id"}})}}));
    }
    return members;
}

Operation create_operation(const Resource& resource) {
    return {.method = "post",
            .id = "create" + joined(resource.title),
            .tag = tag_of(resource),
            .summary = fmt::format("Create {}", one_of(resource)),
            .body = body_of(http::json_type, new_record_schema_name(resource),
                            create_example(resource)),
            .responses = {{"201", object({{"description", "The new record."},
                                          {"headers", headers({"ETag", "Location"})},
                                          {"content", record_content(resource)},
                                          {"links", links(resource)}})}},
            .errors = write_errors(resource, false)};
}

Operation read_operation(const Resource& resource) {
    const std::string_view member = resource.envelope.record;
    const Value schema =
        wrapped_schema(resource, member, reference("schemas", record_schema_name(resource)));
    return {.method = "get",
            .id = "read" + joined(resource.title),
            .tag = tag_of(resource),
            .summary = fmt::format("Read {}", one_of(resource)),
            .parameters = {reference("parameters", "IfNoneMatch")},
            .responses = {{"200", success("The record.", headers({"ETag", "X-Cache"}),
                                          content(http::json_type, schema,
                                                  wrapped_example(resource, member,
                                                                  record_example(resource))))},
                          {"304", not_modified({"ETag", "X-Cache"})}},
            .errors = {ErrorKind::not_found, ErrorKind::unavailable}};
}

Operation update_operation(const Resource& resource) {
    return {
        .method = "put",
        .id = "update" + joined(resource.title),
        .tag = tag_of(resource),
        .summary = fmt::format("Update {}", one_of(resource)),
        .description = "Changes the members that are sent and keeps the others.",
        .parameters = {reference("parameters", "IfMatch")},
        .body = body_of(http::json_type, change_schema_name(resource), replace_example(resource)),
        .responses = {{"200", record_success(resource, "The record as it is now.")}},
        .errors = write_errors(resource, true)};
}

Operation patch_operation(const Resource& resource) {
    return {.method = "patch",
            .id = "patch" + joined(resource.title),
            .tag = tag_of(resource),
            .summary = fmt::format("Patch {}", one_of(resource)),
            .description = "A JSON merge patch (RFC 7396): null clears a member, objects merge.",
            .parameters = {reference("parameters", "IfMatch")},
            .body = body_of(http::merge_patch_type, change_schema_name(resource),
                            patch_example(resource)),
            .responses = {{"200", record_success(resource, "The record as it is now.")}},
            .errors = write_errors(resource, true)};
}

Operation delete_operation(const Resource& resource) {
    Operation operation = {
        .method = "delete",
        .id = "delete" + joined(resource.title),
        .tag = tag_of(resource),
        .summary = fmt::format("Delete {}", one_of(resource)),
        .parameters = {reference("parameters", "IfMatch")},
        .errors = {ErrorKind::not_found, ErrorKind::precondition_failed, ErrorKind::unavailable}};
    if (resource.deleted.empty()) {
        operation.responses = {{"204", object({{"description", "The record is gone."}})}};
        return operation;
    }
    const Value body = Value::json(resource.deleted);
    operation.responses = {
        {"200", object({{"description", "The record is gone."},
                        {"content", content(http::json_type, object({{"const", body}}), body)}})}};
    return operation;
}

Value collection_path(const Resource& resource) {
    std::vector<Operation> operations;
    const auto list = std::ranges::find(resource.lists, std::string_view{}, &List::path);
    if (list != resource.lists.end()) operations.push_back(list_operation(resource, *list));
    operations.push_back(create_operation(resource));
    return path_item({}, operations);
}

Value record_path(const Resource& resource) {
    return path_item({reference("parameters", id_parameter_name(resource))},
                     {read_operation(resource), update_operation(resource),
                      patch_operation(resource), delete_operation(resource)},
                     {ErrorKind::not_found});
}

}  // namespace

Value::Object resource_paths(const Resource& resource) {
    const std::string collection = fmt::format("/{}", resource.name);
    Value::Object paths = {{collection, collection_path(resource)}};
    for (const List& list : resource.lists) {
        if (list.path.empty()) continue;
        paths.emplace_back(fmt::format("{}/{}", collection, list.path),
                           path_item({}, {list_operation(resource, list)}));
    }
    paths.emplace_back(collection + "/{id}", record_path(resource));
    return paths;
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
