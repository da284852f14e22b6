#include "admin/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "admin/sql_text.hpp"
#include "json/decimal.hpp"
#include "json/text.hpp"

namespace larder::admin {

namespace {

/// One side of a range of decimals.
struct End {
    std::string value = {};  ///< empty: there is none
    bool is_open = false;    ///< the value itself is outside

    bool is_there() const { return !value.empty(); }
};

std::string power_of_ten(int digits) {
    return '1' + std::string(static_cast<std::size_t>(digits), '0');
}

/// Whether `a` ends below `b`; both are upper ends.
bool is_lower(const End& a, const End& b) {
    if (!a.is_there()) return false;
    if (!b.is_there() || is_less(a.value, b.value)) return true;
    return !is_less(b.value, a.value) && a.is_open && !b.is_open;
}

/// Whether `a` begins above `b`; both are lower ends.
bool is_higher(const End& a, const End& b) {
    if (!a.is_there()) return false;
    if (!b.is_there() || is_less(b.value, a.value)) return true;
    return !is_less(a.value, b.value) && a.is_open && !b.is_open;
}

/// The end that `digits` means: with a scale the last number before the power of ten.
End end_of_digits(const Decimal& type, bool is_upper) {
    if (!type.digits) return {};
    const std::string sign = is_upper ? "" : "-";
    if (!type.scale) return {sign + power_of_ten(*type.digits), true};
    std::string last = std::string(static_cast<std::size_t>(*type.digits), '9');
    if (last.empty()) last = "0";
    if (*type.scale > 0) last += '.' + std::string(static_cast<std::size_t>(*type.scale), '9');
    return {sign + last, false};
}

End upper(const Decimal& type) {
    const End own{type.most, false};
    const End other = end_of_digits(type, true);
    return is_lower(other, own) ? other : own;
}

End lower(const Decimal& type) {
    const End own{type.least, false};
    const End other = end_of_digits(type, false);
    return is_higher(other, own) ? other : own;
}

Comparison operator&(const Comparison& a, const Comparison& b) {
    return {.has_all = a.has_all && b.has_all, .has_more = a.has_more || b.has_more};
}

Comparison compare(const Text& column, const Text& field) {
    const bool is_wider = column.alphabet == Alphabet::any && field.alphabet != Alphabet::any;
    const bool is_narrower = column.alphabet != Alphabet::any && field.alphabet == Alphabet::any;
    return {
        .has_all =
            column.shortest <= field.shortest && column.longest >= field.longest && !is_narrower,
        .has_more = column.shortest < field.shortest || column.longest > field.longest || is_wider};
}

Comparison compare(const Integer& column, const Integer& field) {
    return {.has_all = column.least <= field.least && column.most >= field.most,
            .has_more = column.least < field.least || column.most > field.most};
}

Comparison compare(const Decimal& column, const Decimal& field) {
    constexpr int any = most_digits;
    const int had = column.scale.value_or(any);
    const int wanted = field.scale.value_or(any);
    const Comparison scale{.has_all = had >= wanted, .has_more = had > wanted};
    const Comparison above{.has_all = !is_lower(upper(column), upper(field)),
                           .has_more = is_lower(upper(field), upper(column))};
    const Comparison below{.has_all = !is_higher(lower(column), lower(field)),
                           .has_more = is_higher(lower(field), lower(column))};
    return scale & above & below;
}

bool has(const Enum& type, const std::string& value) {
    return std::ranges::find(type.values, value) != type.values.end();
}

Comparison compare(const Enum& column, const Enum& field) {
    const auto is_in = [](const Enum& set) {
        return [&set](const std::string& value) { return has(set, value); };
    };
    return {.has_all = std::ranges::all_of(field.values, is_in(column)),
            .has_more = !std::ranges::all_of(column.values, is_in(field))};
}

bool fits(const Text& type, const std::string& value) {
    const std::size_t length = json::code_points(value);
    constexpr std::string_view identifier =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    return length >= type.shortest && length <= type.longest &&
           (type.alphabet == Alphabet::any || value.find_first_not_of(identifier) == value.npos);
}

Comparison compare(const Text& column, const Enum& field) {
    return {.has_all = std::ranges::all_of(
                field.values, [&](const std::string& value) { return fits(column, value); }),
            .has_more = true};
}

Comparison compare(const Enum& column, const Text& field) {
    return {.has_all = false,
            .has_more = !std::ranges::all_of(
                column.values, [&](const std::string& value) { return fits(field, value); })};
}

// A foreign key sees to the values. `column` is of the type of the ids.
std::optional<Comparison> compare_ids(IdType column, const Reference& field) {
    return column == field.id ? std::optional(Comparison{}) : std::nullopt;
}

template <class Type>
Comparison compare(const Type&, const Type&) {
    return {};
}

std::string conjunction(const std::vector<std::string>& parts) {
    return fmt::format("{}", fmt::join(parts, " AND "));
}

std::string rule(const Text& type, std::string_view value) {
    std::vector<std::string> parts;
    if (type.alphabet == Alphabet::identifier) {
        parts.push_back(fmt::format("{} ~ '^[A-Za-z0-9._-]*$'", value));
    }
    if (type.shortest > 0)
        parts.push_back(fmt::format("char_length({}) >= {}", value, type.shortest));
    if (type.longest != Text::no_limit) {
        parts.push_back(fmt::format("char_length({}) <= {}", value, type.longest));
    }
    return conjunction(parts);
}

// The least bigint has no constant of its own: it is the negative of a number that does not fit.
std::string rule(const Integer& type, std::string_view value) {
    std::vector<std::string> parts;
    if (type.least != Integer{}.least) parts.push_back(fmt::format("{} >= {}", value, type.least));
    if (type.most != Integer{}.most) parts.push_back(fmt::format("{} <= {}", value, type.most));
    return conjunction(parts);
}

std::string rule(const Decimal& type, std::string_view value) {
    std::vector<std::string> parts;
    if (!type.least.empty()) parts.push_back(fmt::format("{} >= {}", value, type.least));
    if (!type.most.empty()) parts.push_back(fmt::format("{} <= {}", value, type.most));
    if (type.digits) {
        const std::string end = power_of_ten(*type.digits);
        const bool is_signed = type.least.empty() || is_less(type.least, '-' + end);
        if (is_signed) parts.push_back(fmt::format("{} > -{}", value, end));
        parts.push_back(fmt::format("{} < {}", value, end));
    }
    if (type.scale) parts.push_back(fmt::format("min_scale({}) <= {}", value, *type.scale));
    return conjunction(parts);
}

std::string rule(const Enum& type, std::string_view value) {
    std::string list;
    for (const std::string& one : type.values)
        list += (list.empty() ? "" : ", ") + sql_literal(one);
    return fmt::format("({})::text IN ({})", value, list);
}

template <class Type>
std::string rule(const Type&, std::string_view) {
    return {};
}

}  // namespace

std::optional<Comparison> compare_rules(const FieldType& column, const FieldType& field) {
    return std::visit(
        [](const auto& had, const auto& wanted) -> std::optional<Comparison> {
            using Had = std::decay_t<decltype(had)>;
            if constexpr (std::is_same_v<std::decay_t<decltype(wanted)>, Reference>) {
                if constexpr (std::is_same_v<Had, Integer>) {
                    return compare_ids(IdType::integer, wanted);
                } else if constexpr (std::is_same_v<Had, Uuid>) {
                    return compare_ids(IdType::uuid, wanted);
                } else {
                    return std::nullopt;
                }
            } else if constexpr (requires { compare(had, wanted); }) {
                return compare(had, wanted);
            } else {
                return std::nullopt;
            }
        },
        column, field);
}

std::string rule_sql(const FieldType& type, std::string_view value) {
    return std::visit([&](const auto& rules) { return rule(rules, value); }, type);
}

std::string_view column_type(const FieldType& type) {
    if (const auto* reference = std::get_if<Reference>(&type)) {
        return reference->id == IdType::integer ? "bigint" : "uuid";
    }
    constexpr std::array<std::string_view, 11> types = {"text",
                                                        "numeric",
                                                        "bigint",
                                                        "boolean",
                                                        "date",
                                                        "timestamp with time zone",
                                                        "timestamp without time zone",
                                                        "double precision",
                                                        "uuid",
                                                        "text",
                                                        "jsonb"};
    static_assert(std::variant_size_v<FieldType> == types.size() + 2);
    return type.index() < types.size() ? types.at(type.index()) : "";
}

bool is_text(const FieldType& type) { return column_type(type) == "text"; }

}  // namespace larder::admin
