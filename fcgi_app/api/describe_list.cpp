#include "api/describe_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "api/describe_resource.hpp"
#include "api/list_form.hpp"
#include "http/response.hpp"
#include "openapi/example.hpp"
#include "openapi/operation.hpp"
#include "openapi/schema.hpp"
#include "query/operators.hpp"
#include "query/value.hpp"

namespace larder::openapi {

namespace {

Value parameter(std::string_view name, std::string_view meaning, Value schema) {
    return object(
        {{"name", name}, {"in", "query"}, {"description", meaning}, {"schema", std::move(schema)}});
}

/// Some of `words` with commas between them. Names and a minus need no escape in a pattern.
Value words_schema(const std::string& word) {
    return object({{"type", "string"}, {"pattern", fmt::format("^{0}(,{0})*$", word)}});
}

std::string alternatives_of(const std::vector<std::string>& names) {
    return fmt::format("({})", fmt::join(names, "|"));
}

Value limit_parameter(const PageSize& page) {
    if (page.usual == 0) return reference("parameters", "Limit");
    return object({{"name", "limit"},
                   {"in", "query"},
                   {"description", "How many records at most."},
                   {"schema", object({{"type", "integer"},
                                      {"minimum", 1},
                                      {"maximum", page.most},
                                      {"default", page.usual}})},
                   {"example", std::min(10, page.most)}});
}

Value members_parameter(const Resource& resource) {
    const std::string meaning = "Only these members, and the id.";
    if (resource.is_document()) return parameter("fields", meaning, words_schema("[^,\\u0000]+"));
    std::vector<std::string> names = {"id"};
    for (const Field& field : resource.fields) names.push_back(field.name);
    return parameter("fields", meaning, words_schema(alternatives_of(names)));
}

Value order_parameter(const Resource& resource) {
    std::vector<std::string> names;
    for (const Field* field : query::sort_fields(resource)) names.push_back(field->name);
    std::string pattern = "-?id";
    if (!names.empty()) {
        const std::string field = "-?" + alternatives_of(names);
        pattern = fmt::format("({0}(,{0})*(,-?id)?|-?id)", field);
    }
    return parameter("sort",
                     "The order: fields, with `-` for falling. `id` comes last and breaks ties;"
                     " nulls come last either way.",
                     object({{"type", "string"}, {"pattern", '^' + pattern + '$'}}));
}

Value filter_parameter(const Resource& resource, const Field* field, const query::Operator& one) {
    const std::string name = std::string(query::name_of(field)).append(one.suffix);
    const std::string meaning = fmt::format("`{}`: {}.", query::name_of(field), one.meaning);
    if (one.comparison == query::Comparison::null) {
        return parameter(name, meaning, object({{"type", "boolean"}}));
    }
    Value schema = type_schema(query::compared_type(resource, field));
    if (one.comparison != query::Comparison::equal) return parameter(name, meaning, schema);
    return parameter(name, meaning,
                     object({{"type", "array"},
                             {"items", std::move(schema)},
                             {"minItems", 1},
                             {"maxItems", static_cast<std::int64_t>(query::most_values)}}));
}

}  // namespace

Value content_of_list(const Resource& resource) {
    const Value items =
        object({{"type", "array"}, {"items", reference("schemas", record_schema_name(resource))}});
    const auto media = [](std::string_view meaning) {
        return object({{"schema", object({{"type", "string"}, {"description", meaning}})}});
    };
    Value::Object content = {
        {std::string(http::json_type),
         object({{"schema", wrapped_schema(resource, resource.envelope.list, items)},
                 {"example", wrapped_example(resource, resource.envelope.list,
                                             array({record_example(resource)}))}})}};
    if (!resource.is_document()) {
        content.emplace_back(
            http::csv_type,
            media("A header line, then one record a line (RFC 4180). Text is in quotes; a cell"
                  " with nothing in it is null. Without `limit`, all records."));
    }
    content.emplace_back(http::ndjson_type,
                         media("One record a line, as JSON. Without `limit`, all records."));
    return content;
}

std::vector<ErrorKind> errors_of_list(const Resource& resource) {
    std::vector<ErrorKind> errors = {ErrorKind::unavailable};
    if (resource.is_document()) errors.push_back(ErrorKind::not_acceptable);
    return errors;
}

Value::Array parameters_of_list(const Resource& resource, const List& list) {
    Value::Array parameters = {limit_parameter(resource.page), reference("parameters", "After"),
                               members_parameter(resource), reference("parameters", "Count")};
    if (!query::is_open(list)) return parameters;
    parameters.push_back(order_parameter(resource));
    if (query::has_search(resource)) parameters.push_back(reference("parameters", "Words"));
    for (const Field* field : query::filter_fields(resource)) {
        for (const query::Operator& one : query::operators()) {
            if (query::misfit(field, one.comparison).empty()) {
                parameters.push_back(filter_parameter(resource, field, one));
            }
        }
    }
    return parameters;
}

}  // namespace larder::openapi
