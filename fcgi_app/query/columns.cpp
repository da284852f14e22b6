#include "query/columns.hpp"

#include <fmt/format.h>

#include <variant>

#include "catalog/names.hpp"

namespace larder::query {

namespace {

constexpr std::string_view by_code_point = " COLLATE \"C\"";

std::string_view cast_of(IdType id) { return id == IdType::integer ? "::bigint" : "::uuid"; }

/// Of what has none, PostgreSQL takes the type of the column: that may be one of several.
std::string_view cast_of(const FieldType& type) {
    struct Casts {
        std::string_view operator()(const Integer&) const { return "::bigint"; }
        std::string_view operator()(const Decimal&) const { return "::numeric"; }
        std::string_view operator()(const Boolean&) const { return "::boolean"; }
        std::string_view operator()(const Date&) const { return "::date"; }
        std::string_view operator()(const Timestamp&) const { return "::timestamptz"; }
        std::string_view operator()(const DateTime&) const { return "::timestamp"; }
        std::string_view operator()(const Uuid&) const { return "::uuid"; }
        std::string_view operator()(const Reference& reference) const {
            return cast_of(reference.id);
        }
        std::string_view operator()(const Float&) const { return {}; }
        std::string_view operator()(const Text&) const { return {}; }
        std::string_view operator()(const Enum&) const { return {}; }
        std::string_view operator()(const Json&) const { return {}; }
        std::string_view operator()(const Other&) const { return {}; }
    };
    return std::visit(Casts{}, type);
}

/// The first text, by code point, after all that begin with `prefix`; empty: there is none.
std::string end_of(std::string prefix) {
    const auto is_continuation = [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
    };
    while (!prefix.empty()) {
        std::size_t begin = prefix.size() - 1;
        while (begin > 0 && is_continuation(prefix[begin])) --begin;
        const auto lead = static_cast<unsigned char>(prefix[begin]);
        char32_t point = lead;
        if (lead >= 0xF0U) {
            point &= 0x07U;
        } else if (lead >= 0xE0U) {
            point &= 0x0FU;
        } else if (lead >= 0x80U) {
            point &= 0x1FU;
        }
        for (std::size_t at = begin + 1; at < prefix.size(); ++at) {
            point = point << 6U | (static_cast<unsigned char>(prefix[at]) & 0x3FU);
        }
        prefix.resize(begin);
        if (point == 0x10FFFF) continue;
        point = point == 0xD7FF ? 0xE000 : point + 1;  // surrogates are no characters
        const auto byte = [&](char32_t bits) { prefix += static_cast<char>(bits); };
        if (point < 0x80) {
            byte(point);
        } else if (point < 0x800) {
            byte(0xC0U | point >> 6U);
            byte(0x80U | (point & 0x3FU));
        } else if (point < 0x10000) {
            byte(0xE0U | point >> 12U);
            byte(0x80U | (point >> 6U & 0x3FU));
            byte(0x80U | (point & 0x3FU));
        } else {
            byte(0xF0U | point >> 18U);
            byte(0x80U | (point >> 12U & 0x3FU));
            byte(0x80U | (point >> 6U & 0x3FU));
            byte(0x80U | (point & 0x3FU));
        }
        return prefix;
    }
    return prefix;
}

std::string_view sign_of(Comparison comparison) {
    switch (comparison) {
        case Comparison::greater: return ">";
        case Comparison::at_least: return ">=";
        case Comparison::less: return "<";
        case Comparison::at_most: return "<=";
        default: return "=";
    }
}

}  // namespace

Column column_of(const Resource& resource, const Field* field) {
    const std::string_view column = field != nullptr ? field->column_name() : resource.id_column;
    const std::string name = "t." + (column == "id" ? "id" : quoted_identifier(column));
    if (field == nullptr) {
        return {.name = name, .ordered = name, .cast = cast_of(resource.id), .collation = {}};
    }
    const bool is_enum = std::holds_alternative<Enum>(field->type);
    const bool is_text = is_enum || std::holds_alternative<Text>(field->type);
    std::string ordered = is_enum ? fmt::format("({})::text", name) : name;
    if (is_text) ordered += by_code_point;
    return {.name = name,
            .ordered = std::move(ordered),
            .cast = cast_of(field->type),
            .collation = is_text ? by_code_point : std::string_view(),
            .is_nullable = !field->required};
}

std::string condition_of(const Resource& resource, const Filter& filter, Values& values) {
    const Column column = column_of(resource, filter.field);
    const auto parameter = [&](const std::string& value) {
        return values.add(value).append(column.cast);
    };
    const std::string& first = filter.values.front();
    switch (filter.comparison) {
        case Comparison::null: return column.name + (first == "true" ? " IS NULL" : " IS NOT NULL");
        case Comparison::equal: {
            // Where it is not sorted, an index of an enum type serves as well (plan_indexes.cpp).
            const bool is_enum = filter.field != nullptr && !filter.field->sort &&
                                 std::holds_alternative<Enum>(filter.field->type);
            const std::string& compared = is_enum ? column.name : column.ordered;
            if (filter.values.size() == 1) return compared + " = " + parameter(first);
            return fmt::format("{} = ANY({}{}{})", compared,
                               values.add(quoted_array(filter.values)), column.cast,
                               column.cast.empty() ? "" : "[]");
        }
        case Comparison::not_equal: {
            // Two ranges of an index: `<>` would read all records that are equal.
            const std::string value = parameter(first);
            return fmt::format("({0} < {1} OR {0} > {1})", column.ordered, value);
        }
        case Comparison::prefix: {
            std::string condition = column.ordered + " >= " + parameter(first);
            if (const std::string end = end_of(first); !end.empty()) {
                condition += fmt::format(" AND {} < {}", column.ordered, parameter(end));
            }
            return condition;
        }
        default:
            return fmt::format("{} {} {}", column.ordered, sign_of(filter.comparison),
                               parameter(first));
    }
}

}  // namespace larder::query
