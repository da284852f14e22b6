#include "admin/constant_default.hpp"

#include <fmt/format.h>

#include <variant>

#include "admin/decimal_bounds.hpp"
#include "admin/expression.hpp"
#include "catalog/values.hpp"
#include "json/text.hpp"

namespace larder::admin {

namespace {

using Kind = Expression::Kind;

/// The literal in casts to the type of the column or one that keeps the value.
const Expression* literal_of(const Expression& whole, std::string_view base_type) {
    const Expression* one = &whole;
    while (one->kind == Kind::cast) {
        const std::string_view type = one->text;
        const bool keeps_value = type == base_type || type == "text" || type == "bpchar" ||
                                 type == "character varying" || type == "numeric" ||
                                 type == "bigint" || type == "integer" || type == "smallint";
        if (!keeps_value) return nullptr;
        one = &one->parts.front();
    }
    return one;
}

bool fits(const FieldType& type, json::Type kind, const std::string& text) {
    const std::string raw = kind == json::Type::string ? json::quoted(text) : text;
    return stored_text(type, {.name = {}, .type = kind, .text = text}, raw).has_value();
}

}  // namespace

std::optional<std::string> constant_default(const FieldType& type, std::string_view base_type,
                                            std::string_view sql) {
    const auto parsed = parse_expression(sql);
    const Expression* literal = parsed ? literal_of(*parsed, base_type) : nullptr;
    if (literal == nullptr) return std::nullopt;
    const bool is_literal = literal->kind == Kind::number || literal->kind == Kind::text;
    if (std::holds_alternative<Boolean>(type)) {
        const bool is_flag =
            literal->kind == Kind::name && (literal->text == "true" || literal->text == "false");
        return is_flag ? std::optional(literal->text) : std::nullopt;
    }
    if (!is_literal) return std::nullopt;
    if (std::holds_alternative<Integer>(type) || std::holds_alternative<Decimal>(type)) {
        const auto number = plain_number(literal->text);
        if (!number || !fits(type, json::Type::number, *number)) return std::nullopt;
        return std::holds_alternative<Integer>(type) ? *number : toml_string(*number);
    }
    const bool is_text =
        literal->kind == Kind::text &&
        (std::holds_alternative<Text>(type) || std::holds_alternative<Enum>(type) ||
         std::holds_alternative<Date>(type) || std::holds_alternative<Uuid>(type));
    if (!is_text || !fits(type, json::Type::string, literal->text)) return std::nullopt;
    return toml_string(literal->text);
}

bool is_null_default(std::string_view sql) {
    const auto parsed = parse_expression(sql);
    const Expression* one = parsed ? &*parsed : nullptr;
    while (one != nullptr && one->kind == Kind::cast) one = &one->parts.front();
    return one != nullptr && one->kind == Kind::name && one->text == "NULL";
}

std::string toml_string(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            quoted += '\\';
            quoted += c;
        } else if (c == '\n') {
            quoted += "\\n";
        } else if (byte < 0x20 || byte == 0x7F) {
            quoted += fmt::format("\\u{:04X}", byte);
        } else {
            quoted += c;
        }
    }
    return quoted + '"';
}

}  // namespace larder::admin
