#include "catalog/field_value.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>
#include <variant>

#include "catalog/table_reader.hpp"
#include "catalog/toml.hpp"
#include "catalog/values.hpp"
#include "json/text.hpp"

namespace larder {

std::optional<std::string> json_of(const toml::node& node) {
    if (const auto* text = node.as_string()) return json::quoted(text->get());
    if (const auto* whole = node.as_integer()) return std::to_string(whole->get());
    if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
    if (const auto* number = node.as_floating_point()) {
        if (!std::isfinite(number->get())) return std::nullopt;
        return fmt::format("{}", number->get());
    }
    std::string text;
    if (const auto* array = node.as_array()) {
        for (const toml::node& element : *array) {
            const auto value = json_of(element);
            if (!value) return std::nullopt;
            text += (text.empty() ? "" : ", ") + *value;
        }
        return '[' + text + ']';
    }
    if (const auto* table = node.as_table()) {
        for (const Entry& entry : entries_in_order(*table)) {
            const auto value = json_of(*entry.value);
            if (!value) return std::nullopt;
            text += (text.empty() ? "" : ", ") + json::quoted(entry.name) + ": " + *value;
        }
        return '{' + text + '}';
    }
    return std::nullopt;
}

std::expected<Default, std::string> fitting_value(const FieldType& type, std::string json) {
    const std::string body = "{\"v\":" + json + '}';
    const auto document = json::parse(body);
    if (!document || document->members.size() != 1) {
        return std::unexpected(fmt::format("is no value that a client could send{}; write one",
                                           document ? "" : " (" + document.error() + ')'));
    }
    auto stored = stored_text(type, document->members[0], json);
    if (!stored) {
        return std::unexpected(
            fmt::format("breaks the rules of its own field; it {}", stored.error()));
    }
    // As answers have it, which spell some values in their own way.
    const auto* reference = std::get_if<Reference>(&type);
    const bool is_respelled = std::holds_alternative<Timestamp>(type) ||
                              std::holds_alternative<DateTime>(type) ||
                              std::holds_alternative<Uuid>(type) ||
                              (reference != nullptr && reference->id == IdType::uuid);
    return Default{.json = is_respelled ? json::quoted(*stored) : std::move(json),
                   .stored = *stored};
}

}  // namespace larder
