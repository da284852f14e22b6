#include "openapi/schema.hpp"

#include <fmt/format.h>

#include <string>
#include <variant>
#include <vector>

#include "json/decimal.hpp"
#include "openapi/operation.hpp"

namespace larder::openapi {

namespace {

Value::Object rules(const Text& text) {
    Value::Object schema = {{"type", "string"},
                            {"minLength", static_cast<std::int64_t>(text.shortest)}};
    if (text.longest != Text::no_limit) {
        schema.emplace_back("maxLength", static_cast<std::int64_t>(text.longest));
    }
    if (text.alphabet == Alphabet::identifier) schema.emplace_back("pattern", "^[A-Za-z0-9._-]*$");
    return schema;
}

Value::Object rules(const Decimal& decimal) {
    Value::Object schema = {{"type", "number"}};
    if (!decimal.least.empty()) schema.emplace_back("minimum", Value::json(decimal.least));
    if (!decimal.most.empty()) schema.emplace_back("maximum", Value::json(decimal.most));
    if (decimal.digits) {
        const auto zeros = static_cast<std::size_t>(*decimal.digits);
        const std::string bound = '1' + std::string(zeros, '0');
        if (decimal.least.empty() || is_negative(decimal.least)) {
            schema.emplace_back("exclusiveMinimum", Value::json('-' + bound));
        }
        schema.emplace_back("exclusiveMaximum", Value::json(bound));
    }
    return schema;
}

Value::Object rules(const Integer& integer) {
    // The bounds of int64 go without saying; many readers of JSON would round them.
    Value::Object schema = {{"type", "integer"}};
    const bool is_whole_range = integer.least == Integer{}.least || integer.most == Integer{}.most;
    if (is_whole_range) schema.emplace_back("format", "int64");
    if (integer.least != Integer{}.least) schema.emplace_back("minimum", integer.least);
    if (integer.most != Integer{}.most) schema.emplace_back("maximum", integer.most);
    return schema;
}

Value::Object rules(const Boolean&) { return {{"type", "boolean"}}; }
Value::Object rules(const Date&) { return {{"type", "string"}, {"format", "date"}}; }
Value::Object rules(const Timestamp&) { return {{"type", "string"}, {"format", "date-time"}}; }
Value::Object rules(const Float&) { return {{"type", "number"}, {"format", "double"}}; }
Value::Object rules(const Uuid&) { return {{"type", "string"}, {"format", "uuid"}}; }

// No format of JSON Schema is a time without a zone.
Value::Object rules(const DateTime&) {
    return {{"type", "string"}, {"pattern", R"(^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?$)"}};
}

Value::Array values_of(const Enum& type) { return {type.values.begin(), type.values.end()}; }

Value::Object rules(const Enum& type) { return {{"type", "string"}, {"enum", values_of(type)}}; }

Value::Object rules(const Json&) { return {}; }
Value::Object rules(const Other&) { return {}; }

Value::Object rules(const Reference& reference) {
    return reference.id == IdType::uuid ? rules(Uuid{}) : rules(Integer{});
}

/// What a reference means, and what the removal of the record that it leads to does.
std::string meaning_of(const Reference& reference) {
    const bool has_vowel = std::string_view("AEIOUaeiou").contains(reference.title.front());
    std::string text = fmt::format("The id of {} {}.", has_vowel ? "an" : "a", reference.title);
    switch (reference.on_delete) {
        case OnDelete::restrict: return text + " As long as it is here, that cannot be removed.";
        case OnDelete::cascade: return text + " This record is removed with it.";
        case OnDelete::clear: return text + " It becomes null when that is removed.";
    }
    return text;
}

/// The rules of a field that may also be null.
Value::Object rules_or_null(const Field& field) {
    Value::Object schema = std::visit([](const auto& type) { return rules(type); }, field.type);
    if (schema.empty()) return schema;  // any value
    schema.front().second = array({schema.front().second, "null"});
    if (const auto* type = std::get_if<Enum>(&field.type)) {
        Value::Array values = values_of(*type);
        values.emplace_back();
        schema.back().second = std::move(values);
    }
    return schema;
}

std::string description(const Resource& resource, const Field& field) {
    std::vector<std::string> sentences;
    if (!field.meaning.empty()) sentences.push_back(field.meaning);
    if (const auto* decimal = std::get_if<Decimal>(&field.type)) {
        sentences.emplace_back("Exact: every digit is kept.");
        if (decimal->scale) {
            sentences.push_back(
                fmt::format("At most {} digits after the decimal point.", *decimal->scale));
        }
    }
    if (const Reference* reference = field.reference()) sentences.push_back(meaning_of(*reference));
    if (field.is_json()) sentences.emplace_back("Any JSON value.");
    if (std::holds_alternative<Other>(field.type)) {
        sentences.emplace_back("As PostgreSQL's to_json shows it.");
    }
    if (field.database_default) sentences.emplace_back("The database has a default.");
    if (std::holds_alternative<Timestamp>(field.type)) {
        sentences.emplace_back("Taken with any offset, given in UTC, to the microsecond.");
    }
    if (std::holds_alternative<DateTime>(field.type)) {
        sentences.emplace_back("A date and time without a zone, to the microsecond.");
    }
    if (field.read_only) sentences.emplace_back("Given by the server; ignored in a request.");
    if (field.unique) {
        sentences.push_back(fmt::format("No two {} may have the same.", resource.name));
    }
    return fmt::format("{}", fmt::join(sentences, " "));
}

Value field_schema(const Resource& resource, const Field& field) {
    Value::Object schema =
        field.required ? std::visit([](const auto& type) { return rules(type); }, field.type)
                       : rules_or_null(field);
    if (field.fallback) schema.emplace_back("default", Value::json(field.fallback->json));
    if (field.read_only) schema.emplace_back("readOnly", true);
    if (const auto text = description(resource, field); !text.empty()) {
        schema.emplace_back("description", text);
    }
    return schema;
}

Value::Object fields(const Resource& resource) {
    Value::Object properties;
    for (const Field& field : resource.fields) {
        properties.emplace_back(field.name, field_schema(resource, field));
    }
    return properties;
}

Value record_schema(const Resource& resource) {
    Value::Array required = {"id"};
    for (const Field& field : resource.fields) required.emplace_back(field.name);
    Value::Object properties = fields(resource);
    properties.emplace(properties.begin(), "id", id_schema(resource.id));
    Value::Object schema = {{"type", "object"},
                            {"required", std::move(required)},
                            {"properties", std::move(properties)}};
    if (resource.is_document()) {
        schema.emplace_back("additionalProperties", true);
        schema.emplace_back("description", "Any JSON object, with the id that the server gave it.");
    }
    return schema;
}

/// What a client may send. All fields are optional in a change.
Value body_schema(const Resource& resource, bool is_change) {
    if (resource.is_document()) {
        return object({{"type", "object"},
                       {"description", "Any JSON object; an `id` in it is ignored."},
                       {"additionalProperties", true}});
    }
    Value::Array required;
    for (const Field& field : resource.fields) {
        const bool is_needed =
            field.required && !field.fallback && !field.read_only && !field.database_default;
        if (is_needed && !is_change) required.emplace_back(field.name);
    }
    const Value ignored = object(
        {{"readOnly", true}, {"description", "Ignored, so that whole records can be sent back."}});
    Value::Object properties = fields(resource);
    for (auto& [name, schema] : properties) {
        if (resource.find_field(name)->read_only) schema = ignored;
    }
    properties.emplace_back("id", ignored);
    Value::Object schema = {{"type", "object"}};
    if (!required.empty()) schema.emplace_back("required", std::move(required));
    schema.emplace_back("properties", std::move(properties));
    schema.emplace_back("additionalProperties", false);
    return schema;
}

}  // namespace

std::string record_schema_name(const Resource& resource) { return joined(resource.title); }
std::string new_record_schema_name(const Resource& resource) {
    return "New" + joined(resource.title);
}
std::string change_schema_name(const Resource& resource) {
    return joined(resource.title) + "Change";
}

Value id_schema(IdType type) {
    if (type == IdType::uuid) return object({{"type", "string"}, {"format", "uuid"}});
    return object({{"type", "integer"}, {"format", "int64"}, {"minimum", 0}});
}

Value type_schema(const FieldType& type) {
    return std::visit([](const auto& one) { return rules(one); }, type);
}

Value::Object resource_schemas(const Resource& resource) {
    Value::Object schemas = {{record_schema_name(resource), record_schema(resource)}};
    if (resource.can_create) {
        schemas.emplace_back(new_record_schema_name(resource), body_schema(resource, false));
    }
    if (resource.can_change) {
        schemas.emplace_back(change_schema_name(resource), body_schema(resource, true));
    }
    return schemas;
}

}  // namespace larder::openapi
