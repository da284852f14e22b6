#include "json/decimal.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>
#include <tuple>

#include "number.hpp"

namespace larder {

namespace {

/// 0.DIGITS × 10^exponent, with neither leading nor trailing zeros in `digits`; empty: the number
/// 0.
struct Scientific {
    std::string digits;
    std::int64_t exponent = 0;
    std::int64_t scale = 0;  // digits after the decimal point once the exponent is written out
};

// Far beyond any body, so that adding the number of digits cannot overflow.
constexpr std::int64_t exponent_cap = 1'000'000'000'000;

std::int64_t exponent_value(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    std::int64_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc{}) value = exponent_cap;
    value = std::min(value, exponent_cap);
    return negative ? -value : value;
}

Scientific normalize(std::string_view number) {
    if (number.starts_with('-')) number.remove_prefix(1);
    Scientific result;
    if (const auto e = number.find_first_of("eE"); e != number.npos) {
        result.exponent = exponent_value(number.substr(e + 1));
        number = number.substr(0, e);
    }
    const auto point = std::min(number.find('.'), number.size());
    result.digits = number.substr(0, point);
    if (point < number.size()) result.digits += number.substr(point + 1);
    const auto fraction = static_cast<std::int64_t>(result.digits.size() - point);
    result.scale = std::max<std::int64_t>(0, fraction - result.exponent);
    result.exponent += static_cast<std::int64_t>(point);
    const auto first = std::min(result.digits.find_first_not_of('0'), result.digits.size());
    result.digits.erase(0, first);
    result.exponent -= static_cast<std::int64_t>(first);
    result.digits.erase(result.digits.find_last_not_of('0') + 1);
    return result;
}

}  // namespace

bool is_negative(std::string_view number) {
    return number.starts_with('-') && !normalize(number).digits.empty();
}

bool is_under_power_of_ten(std::string_view number, int digits) {
    const Scientific value = normalize(number);
    return value.digits.empty() || value.exponent <= digits;
}

bool is_whole(std::string_view number) {
    const Scientific value = normalize(number);
    return value.digits.empty() || value.exponent >= static_cast<std::int64_t>(value.digits.size());
}

std::int64_t written_digits(std::string_view number) {
    const Scientific value = normalize(number);
    const std::int64_t whole = value.digits.empty() ? 0 : std::max<std::int64_t>(0, value.exponent);
    return whole + value.scale;
}

bool is_storable(std::string_view number) {
    constexpr std::int64_t most_exponent = std::numeric_limits<int>::max() / 2;  // also of a 0
    return std::abs(normalize(number).exponent) < most_exponent &&
           written_digits(number) <= most_digits;
}

std::int64_t fraction_digits(std::string_view number) {
    const Scientific value = normalize(number);
    if (value.digits.empty()) return 0;
    return std::max<std::int64_t>(0,
                                  static_cast<std::int64_t>(value.digits.size()) - value.exponent);
}

bool is_less(std::string_view a, std::string_view b) {
    const Scientific left = normalize(a);
    const Scientific right = normalize(b);
    const auto sign = [](std::string_view number, const Scientific& value) {
        if (value.digits.empty()) return 0;
        return number.starts_with('-') ? -1 : 1;
    };
    const int left_sign = sign(a, left);
    const int right_sign = sign(b, right);
    if (left_sign != right_sign || left_sign == 0) return left_sign < right_sign;
    // With neither leading nor trailing zeros, digits compare as texts do.
    const auto magnitude = [](const Scientific& value) {
        return std::tie(value.exponent, value.digits);
    };
    return left_sign > 0 ? magnitude(left) < magnitude(right) : magnitude(right) < magnitude(left);
}

std::optional<std::int64_t> whole_value(std::string_view number) {
    Scientific value = normalize(number);
    if (value.digits.empty()) return 0;
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::digits10 + 1;
    const bool is_whole = value.exponent >= static_cast<std::int64_t>(value.digits.size());
    if (!is_whole || value.exponent > most) return std::nullopt;
    value.digits.resize(static_cast<std::size_t>(value.exponent), '0');
    return to_number<std::int64_t>(number.starts_with('-') ? '-' + value.digits : value.digits);
}

}  // namespace larder
