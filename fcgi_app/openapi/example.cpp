#include "openapi/example.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <variant>

#include "catalog/values.hpp"
#include "openapi/operation.hpp"

namespace larder::openapi {

namespace {

std::string fitted(std::string text, const Text& rule) {
    text.resize(std::clamp(text.size(), rule.shortest, rule.longest), 'x');
    return text;
}

Value made_up(const Text& text, std::string_view name) {
    const bool is_identifier = text.alphabet == Alphabet::identifier;
    return fitted(is_identifier ? fmt::format("{}-1", name) : fmt::format("Some {}", name), text);
}

/// The first of some plain values that the rules allow, or else a bound.
Value made_up(const Decimal& decimal, std::string_view) {
    for (const char* text : {"24.90", "0.50", "24", "1", "0", "-1"}) {
        if (stored_text(decimal, {.name = {}, .type = json::Type::number, .text = text}, text)) {
            return Value::json(text);
        }
    }
    return Value::json(decimal.least.empty() ? decimal.most : decimal.least);
}

Value made_up(const Integer& integer, std::string_view) {
    return std::clamp<std::int64_t>(1, integer.least, integer.most);
}

Value made_up(const Boolean&, std::string_view) { return true; }
Value made_up(const Date&, std::string_view) { return "2026-11-28"; }
Value made_up(const Timestamp&, std::string_view) { return "2026-11-28T09:30:00.25Z"; }
Value made_up(const DateTime&, std::string_view) { return "2026-11-28T09:30:00.25"; }
Value made_up(const Float&, std::string_view) { return Value::json("0.25"); }
Value made_up(const Uuid&, std::string_view) { return id_example(IdType::uuid); }
Value made_up(const Enum& type, std::string_view) { return type.values.front(); }
Value made_up(const Json&, std::string_view) { return object({{"colour", "red"}}); }
Value made_up(const Other&, std::string_view) { return array({"red", "blue"}); }
Value made_up(const Reference& reference, std::string_view) { return id_example(reference.id); }

// Nobody knows which record there is to refer to.
Value value_example(const Field& field) {
    if (!field.example.empty()) return Value::json(field.example);
    if (field.reference() != nullptr && !field.required) return {};
    return std::visit([&](const auto& type) { return made_up(type, field.name); }, field.type);
}

bool can_be_sent_again(const Field& field) { return !field.unique || field.required; }

Value::Object document_example() {
    return {
        {"name", "Toolbox"}, {"tags", array({"red", "steel"})}, {"size", object({{"height", 20}})}};
}

}  // namespace

// The first rows in sql/sample have these.
Value id_example(IdType type) {
    if (type == IdType::integer) return 1;
    return "6f1d2c3b-4a59-4e68-8b77-90a1b2c3d4e5";
}

Value create_example(const Resource& resource) {
    if (resource.is_document()) return document_example();
    Value::Object members;
    for (const Field& field : resource.fields) {
        if (can_be_sent_again(field) && !field.read_only)
            members.emplace_back(field.name, value_example(field));
    }
    return members;
}

Value replace_example(const Resource& resource) {
    if (resource.is_document()) return object({{"size", object({{"height", 25}})}});
    const auto field = std::ranges::find_if(resource.fields, [](const Field& one) {
        return !one.unique && !one.read_only && one.reference() == nullptr;
    });
    if (field == resource.fields.end()) return object({});
    return object({{std::string(field->name), value_example(*field)}});
}

Value patch_example(const Resource& resource) {
    if (resource.is_document()) {
        return object({{"size", object({{"width", 10}})}, {"tags", Value()}});
    }
    const auto field = std::ranges::find_if(resource.fields, [](const Field& one) {
        return !one.required && !one.unique && !one.read_only;
    });
    if (field == resource.fields.end()) return replace_example(resource);
    return object({{std::string(field->name), Value()}});
}

Value record_example(const Resource& resource) {
    Value::Object members = {{"id", id_example(resource.id)}};
    if (resource.is_document()) {
        for (auto& member : document_example()) members.push_back(std::move(member));
    }
    for (const Field& field : resource.fields) {
        members.emplace_back(field.name, can_be_sent_again(field) ? value_example(field) : Value());
    }
    return members;
}

}  // namespace larder::openapi
