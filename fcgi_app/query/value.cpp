#include "query/value.hpp"

#include <fmt/format.h>

#include <type_traits>
#include <variant>

#include "catalog/values.hpp"
#include "json/decimal.hpp"
#include "json/document.hpp"
#include "json/text.hpp"

namespace larder::query {

namespace {

using Value = std::expected<std::string, std::string>;

json::Type json_type(const FieldType& type) {
    return std::visit(
        [](const auto& one) {
            using Type = std::remove_cvref_t<decltype(one)>;
            if constexpr (std::is_same_v<Type, Reference>) {
                return one.id == IdType::integer ? json::Type::number : json::Type::string;
            } else if constexpr (std::is_same_v<Type, Integer> || std::is_same_v<Type, Decimal> ||
                                 std::is_same_v<Type, Float>) {
                return json::Type::number;
            } else if constexpr (std::is_same_v<Type, Boolean>) {
                return json::Type::boolean;
            } else {
                return json::Type::string;
            }
        },
        type);
}

/// What `text` would be as a member of a body. Nothing that is no number passes for one.
json::Member member_of(json::Type type, std::string_view text) {
    const bool is_wrong = (type == json::Type::number && !json::is_number(text)) ||
                          (type == json::Type::boolean && text != "true" && text != "false");
    return {.name = {},
            .type = is_wrong ? json::Type::object : type,
            .text = type == json::Type::boolean ? std::string() : std::string(text)};
}

}  // namespace

FieldType compared_type(const Resource& resource, const Field* field) {
    const auto id = [](IdType type) {
        return type == IdType::uuid ? FieldType(Uuid{}) : Integer{};
    };
    if (field == nullptr) return id(resource.id);
    if (const Reference* reference = field->reference()) return id(reference->id);
    if (std::holds_alternative<Text>(field->type)) return Text{.longest = longest_value};
    if (std::holds_alternative<Decimal>(field->type)) return Decimal{};
    if (std::holds_alternative<Integer>(field->type)) return Integer{};
    return field->type;
}

std::string unusable_text(std::string_view text) {
    if (text.contains('\0')) return "holds NUL";
    if (json::code_points(text) > longest_value) {
        return fmt::format("must have at most {} characters", longest_value);
    }
    return {};
}

Value filter_value(const Resource& resource, const Field* field, Comparison comparison,
                   std::string_view text) {
    if (auto why = unusable_text(text); !why.empty()) return std::unexpected(std::move(why));
    if (comparison == Comparison::null) {
        if (text == "true" || text == "false") return std::string(text);
        return std::unexpected("must be true or false");
    }
    const FieldType type = compared_type(resource, field);
    const json::Member member = member_of(json_type(type), text);
    if (member.type == json::Type::number && !is_storable(text)) {
        return std::unexpected(
            fmt::format("must have at most {} digits once it is written out", most_digits));
    }
    return stored_text(type, member, text);
}

}  // namespace larder::query
