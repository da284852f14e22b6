#include "bulk/cell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <type_traits>
#include <utility>
#include <variant>

#include "json/decimal.hpp"
#include "json/document.hpp"

namespace larder::bulk {

namespace {

enum class Kind : unsigned char { number, boolean, json, string };

Kind kind_of(const FieldType& type) {
    return std::visit(
        [](const auto& one) {
            using Type = std::remove_cvref_t<decltype(one)>;
            if constexpr (std::is_same_v<Type, Reference>) {
                return one.id == IdType::integer ? Kind::number : Kind::string;
            } else if constexpr (std::is_same_v<Type, Integer> || std::is_same_v<Type, Decimal> ||
                                 std::is_same_v<Type, Float>) {
                return Kind::number;
            } else if constexpr (std::is_same_v<Type, Boolean>) {
                return Kind::boolean;
            } else if constexpr (std::is_same_v<Type, Json>) {
                return Kind::json;
            } else {
                return Kind::string;
            }
        },
        type);
}

/// `24,99` or `1.234,50`, as programs of many countries write a number.
bool has_decimal_comma(std::string_view text) {
    const auto comma = text.find(',');
    if (comma == text.npos || comma != text.rfind(',') || comma + 1 == text.size()) return false;
    std::string number(text);
    std::erase_if(number, [](char c) { return c == '.' || c == '\'' || c == ' '; });
    const auto place = number.find(',');
    number[place] = '.';
    return json::is_number(number);
}

std::string too_many_digits() {
    return fmt::format("has over {} digits once it is written out", most_digits);
}

std::expected<GivenValue, std::string> number_of(GivenValue value, std::string_view text) {
    if (has_decimal_comma(text)) {
        return std::unexpected("has a decimal comma; write it with a point, as in 24.99");
    }
    // What is none is refused by the rules of its type, in their words.
    if (!json::is_number(text)) return value;
    if (!is_storable(text)) return std::unexpected(too_many_digits());
    value.member.type = json::Type::number;
    return value;
}

std::expected<GivenValue, std::string> json_of(GivenValue value, std::string_view text) {
    const std::string body = fmt::format(R"({{"v":{}}})", text);
    const auto document = json::parse(body);
    if (!document) return std::unexpected("is not JSON");
    if (document->members.size() != 1 || document->members[0].name != "v") {
        return std::unexpected("is not one JSON value");
    }
    if (!document->unstorable.empty()) return std::unexpected(too_many_digits());
    value.member = document->members[0];
    value.raw = json::raw_value(value.member, body);
    value.growth = document->growth;
    return value;
}

}  // namespace

std::expected<GivenValue, std::string> value_of_cell(const Field& field, std::string_view text) {
    GivenValue value{.field = &field,
                     .member = {.name = {}, .type = json::Type::object, .text = std::string(text)}};
    switch (kind_of(field.type)) {
        case Kind::number: return number_of(std::move(value), text);
        case Kind::json: return json_of(std::move(value), text);
        case Kind::string: value.member.type = json::Type::string; return value;
        case Kind::boolean: break;
    }
    // Spreadsheets write them in capitals.
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (lower != "true" && lower != "false") return value;
    value.member.type = json::Type::boolean;
    value.raw = std::move(lower);
    return value;
}

bool has_empty_text(const Field& field) {
    return std::holds_alternative<Text>(field.type) || std::holds_alternative<Enum>(field.type);
}

}  // namespace larder::bulk
