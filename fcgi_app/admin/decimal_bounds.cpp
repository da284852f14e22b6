#include "admin/decimal_bounds.hpp"

#include <algorithm>
#include <ranges>
#include <vector>

#include "json/decimal.hpp"
#include "number.hpp"

namespace larder::admin {

namespace {

bool is_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

/// k, if the magnitude of the number is 10^k and k is at least 1.
std::optional<int> power_of_ten(std::string_view number) {
    if (number.starts_with('-')) number.remove_prefix(1);
    if (const auto point = number.find('.'); point != number.npos) {
        if (number.find_first_not_of('0', point + 1) != number.npos) return std::nullopt;
        number = number.substr(0, point);
    }
    const bool is_power =
        number.size() > 1 && number[0] == '1' && number.find_first_not_of('0', 1) == number.npos;
    return is_power ? std::optional(static_cast<int>(number.size()) - 1) : std::nullopt;
}

/// A magnitude as a whole number of units of 10^-scale.
std::string units_of(std::string_view magnitude, std::size_t scale) {
    const auto point = std::min(magnitude.find('.'), magnitude.size());
    const std::string units(magnitude.substr(0, point));
    std::string fraction(magnitude.substr(std::min(point + 1, magnitude.size())));
    fraction.resize(scale, '0');
    return units + fraction;
}

void add_one(std::string& units) {
    for (char& digit : std::views::reverse(units)) {
        if (digit != '9') {
            ++digit;
            return;
        }
        digit = '0';
    }
    units.insert(0, "1");
}

void subtract_one(std::string& units) {  // of over 0
    for (char& digit : std::views::reverse(units)) {
        if (digit != '0') {
            --digit;
            return;
        }
        digit = '9';
    }
}

/// The next number of this scale; nothing where the number itself has more digits.
std::optional<std::string> neighbour(std::string_view number, int scale, bool is_above) {
    if (fraction_digits(number) > scale) return std::nullopt;
    bool is_minus = number.starts_with('-');
    std::string units = units_of(number.substr(is_minus ? 1 : 0), static_cast<std::size_t>(scale));
    const bool is_zero = units.find_first_not_of('0') == units.npos;
    if (is_zero) is_minus = !is_above;
    if (is_zero || is_minus != is_above) {
        add_one(units);
    } else {
        subtract_one(units);
    }
    std::string text = units;
    if (scale > 0) text.insert(text.size() - static_cast<std::size_t>(scale), ".");
    text.erase(0, text.find_first_not_of('0'));
    if (text.starts_with('.') || text.empty()) text.insert(0, "0");
    const bool is_now_zero = units.find_first_not_of('0') == units.npos;
    return is_minus && !is_now_zero ? '-' + text : text;
}

void add_bound(Decimal& rules, const std::string& value, bool is_upper) {
    if (is_upper && (rules.most.empty() || is_less(value, rules.most))) rules.most = value;
    if (!is_upper && (rules.least.empty() || is_less(rules.least, value))) rules.least = value;
}

/// Whether the other bound alone keeps the number over -10^k, or under 10^k.
bool is_within(const Decimal& rules, const std::string& limit, bool is_upper,
               std::span<const Bound> strict) {
    const std::string mirrored = is_upper ? '-' + limit : limit.substr(1);
    const bool is_mirrored = std::ranges::any_of(strict, [&](const Bound& other) {
        return other.is_upper != is_upper && !is_less(other.value, mirrored) &&
               !is_less(mirrored, other.value);
    });
    if (is_mirrored) return true;
    return is_upper ? !rules.least.empty() && is_less(mirrored, rules.least)
                    : !rules.most.empty() && is_less(rules.most, mirrored);
}

bool add_strict(Decimal& rules, const Bound& bound, std::span<const Bound> strict) {
    const auto digits = power_of_ten(bound.value);
    if (digits && bound.is_upper != is_negative(bound.value) &&
        is_within(rules, bound.value, bound.is_upper, strict)) {
        rules.digits = std::min(*digits, rules.digits.value_or(*digits));
        return true;
    }
    if (!rules.scale) return false;
    const auto next = neighbour(bound.value, *rules.scale, !bound.is_upper);
    if (next) add_bound(rules, *next, bound.is_upper);
    return next.has_value();
}

}  // namespace

std::optional<std::string> plain_number(std::string_view text) {
    const bool is_minus = text.starts_with('-');
    const std::string_view magnitude = text.substr(is_minus ? 1 : 0);
    const auto point = std::min(magnitude.find('.'), magnitude.size());
    const std::string_view whole = magnitude.substr(0, point);
    if (!is_digits(whole) || (whole.size() > 1 && whole[0] == '0')) return std::nullopt;
    if (point < magnitude.size() && !is_digits(magnitude.substr(point + 1))) return std::nullopt;
    return is_storable(text) ? std::optional(std::string(text)) : std::nullopt;
}

Decimal decimal_of_type(std::string_view type) {
    constexpr std::string_view prefix = "numeric(";
    if (!type.starts_with(prefix)) return {};
    const std::string_view numbers = type.substr(prefix.size(), type.size() - prefix.size() - 1);
    const auto comma = std::min(numbers.find(','), numbers.size());
    const int precision = to_number<int>(numbers.substr(0, comma)).value_or(0);
    const auto after = numbers.substr(std::min(comma + 1, numbers.size()));
    const int scale = to_number<int>(after).value_or(0);
    if (precision > scale) {
        return {.scale = std::max(scale, 0), .digits = std::min(precision - scale, 1000)};
    }
    const std::string most = "0." + std::string(static_cast<std::size_t>(scale - precision), '0') +
                             std::string(static_cast<std::size_t>(precision), '9');
    return {.least = '-' + most, .most = most, .scale = scale};
}

bool add_bounds(Decimal& rules, std::span<const Bound> bounds) {
    std::vector<Bound> strict;
    for (const Bound& bound : bounds) {
        if (bound.is_strict) {
            strict.push_back(bound);
        } else {
            add_bound(rules, bound.value, bound.is_upper);
        }
    }
    const bool is_said = std::ranges::all_of(
        strict, [&](const Bound& bound) { return add_strict(rules, bound, strict); });
    const bool is_empty =
        !rules.least.empty() && !rules.most.empty() && is_less(rules.most, rules.least);
    return is_said && !is_empty;
}

}  // namespace larder::admin
