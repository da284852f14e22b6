#include "admin/check_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <utility>
#include <variant>

#include "admin/decimal_bounds.hpp"
#include "admin/expression.hpp"
#include "admin/identifier_pattern.hpp"
#include "json/decimal.hpp"
#include "json/text.hpp"
#include "number.hpp"

namespace larder::admin {

namespace {

using Kind = Expression::Kind;

/// What one part of a check demands; every part has to hold.
struct Demands {
    std::vector<Bound> bounds = {};              ///< of a number
    std::vector<Bound> lengths = {};             ///< of a text
    std::vector<std::vector<std::string>> sets;  ///< one of these numbers or texts
    std::vector<IdentifierPattern> patterns = {};
    std::optional<int> scale = {};
    bool is_object = false;
};

bool is_text_type(std::string_view type) {
    return type == "text" || type == "character varying" || type == "bpchar";
}

bool is_number_type(std::string_view type) {
    return type == "numeric" || type == "bigint" || type == "integer" || type == "smallint";
}

bool is_padded(std::string_view type) { return type == "bpchar" || type.starts_with("character("); }

std::string_view turned(std::string_view comparison) {
    if (comparison == "<") return ">";
    if (comparison == "<=") return ">=";
    if (comparison == ">") return "<";
    if (comparison == ">=") return "<=";
    return comparison;
}

/// Reads the demands of an expression on one column.
class CheckReader {
public:
    CheckReader(const FieldType& rules, const CheckedColumn& column)
        : rules_(rules), column_(column) {}

    std::optional<Demands> read(const Expression& expression) {
        if (!add(expression)) return std::nullopt;
        return std::move(demands_);
    }

private:
    bool is_numeric() const {
        return std::holds_alternative<Integer>(rules_) || std::holds_alternative<Decimal>(rules_);
    }
    bool is_textual() const {
        return std::holds_alternative<Text>(rules_) || std::holds_alternative<Enum>(rules_);
    }

    /// Whether it is the column itself, be it cast to a type that has the same value.
    bool is_column(const Expression& one) const {
        if (one.kind == Kind::name) return one.text == column_.name;
        if (one.kind != Kind::cast) return false;
        const bool keeps_value =
            (is_numeric() && is_number_type(one.text) &&
             (std::holds_alternative<Integer>(rules_) || one.text == "numeric")) ||
            (is_textual() && (one.text == "text" || one.text == "character varying"));
        return keeps_value && is_column(one.parts[0]);
    }

    bool is_call(const Expression& one, std::string_view function, std::size_t arguments) const {
        return one.kind == Kind::call && one.text == function && one.parts.size() == arguments &&
               is_column(one.parts[0]);
    }

    bool is_length(const Expression& one) const {
        return !is_padded(column_.base_type) && is_textual() &&
               (is_call(one, "char_length", 1) || is_call(one, "length", 1) ||
                is_call(one, "character_length", 1));
    }

    static std::optional<std::string> number(const Expression& one) {
        if (one.kind == Kind::cast && is_number_type(one.text)) {
            const Expression& inner = one.parts[0];
            return inner.kind == Kind::text ? plain_number(inner.text) : number(inner);
        }
        return one.kind == Kind::number ? plain_number(one.text) : std::nullopt;
    }

    static std::optional<int> count(const Expression& one) {
        const auto text = number(one);
        const auto value = text ? to_number<int>(*text) : std::nullopt;
        return value && *value >= 0 ? value : std::nullopt;
    }

    std::optional<std::string> text(const Expression& one) const {
        if (one.kind != Kind::cast) return std::nullopt;
        const Expression& inner = one.parts[0];
        const bool is_label = std::holds_alternative<Enum>(rules_) && one.text == column_.base_type;
        if (inner.kind == Kind::text) {
            return is_text_type(one.text) || is_label ? std::optional(inner.text) : std::nullopt;
        }
        return is_text_type(one.text) ? text(inner) : std::nullopt;
    }

    std::optional<std::string> value(const Expression& one) const {
        return is_numeric() ? number(one) : text(one);
    }

    bool add(const Expression& one) {
        switch (one.kind) {
            case Kind::all_of:
                return std::ranges::all_of(one.parts, [&](const auto& part) { return add(part); });
            case Kind::any_of: return add_alternatives(one.parts);
            case Kind::compare: return add_comparison(one);
            default: return false;
        }
    }

    // A check that is NULL is passed, so `IS NULL OR …` demands no more than the rest of it.
    bool add_alternatives(const std::vector<Expression>& parts) {
        std::vector<const Expression*> others;
        for (const Expression& part : parts) {
            if (part.kind != Kind::is_null || !is_column(part.parts[0])) others.push_back(&part);
        }
        if (others.size() == 1) return add(*others[0]);
        std::vector<std::string> values;
        for (const Expression* part : others) {
            const auto found = set_of(*part);
            if (!found) return false;
            values.insert(values.end(), found->begin(), found->end());
        }
        if (values.empty()) return false;
        demands_.sets.push_back(std::move(values));
        return true;
    }

    /// The values that `column = value` or `column = ANY (ARRAY[…])` allows.
    std::optional<std::vector<std::string>> set_of(const Expression& one) const {
        if (one.kind != Kind::compare || !column_.has_one_text) return std::nullopt;
        const Expression& left = one.parts[0];
        const Expression& right = one.parts[1];
        std::vector<std::string> values;
        if (one.text == "=") {
            const auto found = is_column(left) ? value(right) : std::nullopt;
            if (!found) return std::nullopt;
            return std::vector{*found};
        }
        if (one.text != "= ANY" || !is_column(left)) return std::nullopt;
        const Expression* array = &right;
        while (array->kind == Kind::cast && array->text.ends_with("[]"))
            array = array->parts.data();
        if (array->kind != Kind::array) return std::nullopt;
        for (const Expression& element : array->parts) {
            auto found = value(element);
            if (!found) return std::nullopt;
            values.push_back(std::move(*found));
        }
        return values;
    }

    bool add_comparison(const Expression& one) {
        if (auto values = set_of(one)) {
            demands_.sets.push_back(std::move(*values));
            return true;
        }
        if (one.text == "~") return add_pattern(one);
        if (one.text == "= ANY") return false;
        return add_comparison(one.parts[0], one.text, one.parts[1]) ||
               add_comparison(one.parts[1], turned(one.text), one.parts[0]);
    }

    bool add_comparison(const Expression& left, std::string_view comparison,
                        const Expression& right) {
        if (is_numeric() && is_column(left)) {
            if (comparison == "=" && is_rounded(right)) return true;
            return add_bound(demands_.bounds, comparison, number(right));
        }
        if (is_length(left)) return add_bound(demands_.lengths, comparison, number(right));
        if (is_numeric() && is_call(left, "abs", 1)) return add_magnitude(comparison, right);
        if (is_textual() && is_column(left) && comparison == "<>" && text(right) == "") {
            return !is_padded(column_.base_type) &&
                   add_bound(demands_.lengths, ">=", std::string("1"));
        }
        if (is_call(left, "scale", 1) || is_call(left, "min_scale", 1)) {
            const auto most = comparison == "<=" ? count(right) : std::nullopt;
            return most && add_scale(*most);
        }
        if (comparison == "=" && column_.name == "data" && is_call(left, "jsonb_typeof", 1)) {
            demands_.is_object = text(right) == "object";
            return demands_.is_object;
        }
        return false;
    }

    static bool add_bound(std::vector<Bound>& bounds, std::string_view comparison,
                          std::optional<std::string> limit) {
        if (!limit) return false;
        const bool is_upper = comparison.starts_with('<');
        if (comparison == "=") {
            bounds.push_back({.value = *limit, .is_upper = false});
            bounds.push_back({.value = std::move(*limit), .is_upper = true});
            return true;
        }
        if (comparison == "<>" || (!is_upper && !comparison.starts_with('>'))) return false;
        bounds.push_back({.value = std::move(*limit),
                          .is_upper = is_upper,
                          .is_strict = !comparison.ends_with('=')});
        return true;
    }

    bool add_magnitude(std::string_view comparison, const Expression& right) {
        const auto limit = number(right);
        if (!limit || !comparison.starts_with('<') || comparison == "<>" || is_negative(*limit)) {
            return false;
        }
        const std::string mirrored = comparison == "<" ? ">" : ">=";
        return add_bound(demands_.bounds, comparison, limit) &&
               add_bound(demands_.bounds, mirrored, '-' + *limit);
    }

    /// `column = round(column, 2)`.
    bool is_rounded(const Expression& right) {
        const bool is_rounding = is_call(right, "round", 2) || is_call(right, "trunc", 2);
        const auto digits = is_rounding ? count(right.parts[1]) : std::nullopt;
        return digits && add_scale(*digits);
    }

    bool add_scale(int most) {
        if (!std::holds_alternative<Decimal>(rules_)) return false;
        demands_.scale = std::min(most, demands_.scale.value_or(most));
        return true;
    }

    bool add_pattern(const Expression& one) {
        if (!is_textual() || is_padded(column_.base_type) || !is_column(one.parts[0])) return false;
        const auto pattern = text(one.parts[1]);
        const auto found = pattern ? identifier_pattern(*pattern) : std::nullopt;
        if (found) demands_.patterns.push_back(*found);
        return found.has_value();
    }

    const FieldType& rules_;
    const CheckedColumn& column_;
    Demands demands_;
};

bool fits(const Text& rules, std::string_view text) {
    const auto length = json::code_points(text);
    return length >= rules.shortest && length <= rules.longest &&
           (rules.alphabet == Alphabet::any || is_identifier(text));
}

/// Adds what is demanded of the characters. False: no text would be left.
bool narrow(Text& rules, const Demands& demands) {
    for (const Bound& bound : demands.lengths) {
        const auto limit = whole_value(bound.value);
        if (!limit || (bound.is_upper && *limit < (bound.is_strict ? 1 : 0))) return false;
        if (bound.is_upper) {
            const auto most = static_cast<std::size_t>(*limit - (bound.is_strict ? 1 : 0));
            rules.longest = std::min(rules.longest, most);
        } else if (*limit >= 0) {
            const auto least = static_cast<std::size_t>(*limit) + (bound.is_strict ? 1 : 0);
            rules.shortest = std::max(rules.shortest, least);
        }
    }
    for (const IdentifierPattern& pattern : demands.patterns) {
        rules.alphabet = Alphabet::identifier;
        rules.shortest = std::max(rules.shortest, pattern.shortest);
        rules.longest = std::min(rules.longest, pattern.longest);
    }
    return rules.shortest <= rules.longest;
}

/// The values that are left of an enum. A text that is empty is no value of one, and one that is
/// padded would be read with blanks.
bool narrow(Enum& rules, const Demands& demands, const CheckedColumn& column) {
    Text text;
    if (!narrow(text, demands)) return false;
    std::erase_if(rules.values, [&](const std::string& value) {
        return !fits(text, value) || std::ranges::any_of(demands.sets, [&](const auto& set) {
            return std::ranges::find(set, value) == set.end();
        });
    });
    const auto is_unfit = [&](const std::string& value) {
        return value.empty() ||
               (is_padded(column.base_type) &&
                (value.ends_with(' ') ||
                 fmt::format("character({})", json::code_points(value)) != column.base_type));
    };
    return !rules.values.empty() && std::ranges::none_of(rules.values, is_unfit);
}

bool narrow(Integer& rules, const Demands& demands) {
    for (const Bound& bound : demands.bounds) {
        const auto limit = whole_value(bound.value);
        constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
        constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();
        if (!limit || (bound.is_strict && *limit == (bound.is_upper ? lowest : highest))) {
            return false;
        }
        if (bound.is_upper) {
            rules.most = std::min(rules.most, *limit - (bound.is_strict ? 1 : 0));
        } else {
            rules.least = std::max(rules.least, *limit + (bound.is_strict ? 1 : 0));
        }
    }
    for (const auto& set : demands.sets) {
        std::vector<std::int64_t> values;
        for (const std::string& text : set) {
            const auto value = whole_value(text);
            if (!value) return false;
            values.push_back(*value);
        }
        std::ranges::sort(values);
        const auto repeated = std::ranges::unique(values);
        values.erase(repeated.begin(), repeated.end());
        const auto gap = std::ranges::adjacent_find(
            values, [](std::int64_t a, std::int64_t b) { return b != a + 1; });
        if (gap != values.end()) return false;
        rules.least = std::max(rules.least, values.front());
        rules.most = std::min(rules.most, values.back());
    }
    return rules.least <= rules.most;
}

bool apply(FieldType& rules, const Demands& demands, const CheckedColumn& column) {
    if (auto* decimal = std::get_if<Decimal>(&rules)) {
        std::vector<Bound> bounds = demands.bounds;
        for (const auto& set : demands.sets) {
            if (set.size() != 1) return false;
            bounds.push_back({.value = set[0], .is_upper = false});
            bounds.push_back({.value = set[0], .is_upper = true});
        }
        if (demands.scale)
            decimal->scale = std::min(*demands.scale, decimal->scale.value_or(*demands.scale));
        return add_bounds(*decimal, bounds);
    }
    if (auto* integer = std::get_if<Integer>(&rules)) return narrow(*integer, demands);
    if (auto* values = std::get_if<Enum>(&rules)) return narrow(*values, demands, column);
    if (auto* text = std::get_if<Text>(&rules)) {
        if (!narrow(*text, demands)) return false;
        if (demands.sets.empty()) return true;
        Enum values;
        for (const std::string& value : demands.sets[0]) {
            if (fits(*text, value) &&
                std::ranges::find(values.values, value) == values.values.end()) {
                values.values.push_back(value);
            }
        }
        rules = std::move(values);
        return narrow(std::get<Enum>(rules), demands, column);
    }
    return std::holds_alternative<Json>(rules) && demands.is_object;
}

}  // namespace

bool add_check(FieldType& rules, const CheckedColumn& column, std::string_view expression) {
    const auto parsed = parse_expression(expression);
    if (!parsed) return false;
    const auto demands = CheckReader(rules, column).read(*parsed);
    if (!demands) return false;
    FieldType narrowed = rules;
    if (!apply(narrowed, *demands, column)) return false;
    rules = std::move(narrowed);
    return true;
}

}  // namespace larder::admin
