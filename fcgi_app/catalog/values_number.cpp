// Values that are written as numbers. A decimal is never a double: its text goes to PostgreSQL.

#include <fmt/format.h>

#include <charconv>
#include <system_error>

#include "catalog/value_rules.hpp"
#include "json/decimal.hpp"

namespace larder {

namespace {

std::string magnitude_rule(const Decimal& type) {
    const bool is_signed = type.least.empty() || is_negative(type.least);
    return is_signed ? fmt::format("must be over -10^{0} and under 10^{0}", *type.digits)
                     : fmt::format("must be under 10^{}", *type.digits);
}

}  // namespace

StoredText stored(const Decimal& type, const SentValue& value) {
    if (!value.is(json::Type::number)) return misfit("must be a number");
    if (!type.least.empty() && is_less(value.member.text, type.least)) {
        return misfit(fmt::format("must be {} or more", type.least));
    }
    if (!type.most.empty() && is_less(type.most, value.member.text)) {
        return misfit(fmt::format("must be {} or less", type.most));
    }
    if (type.digits && !is_under_power_of_ten(value.member.text, *type.digits)) {
        return misfit(magnitude_rule(type));
    }
    if (type.scale && fraction_digits(value.member.text) > *type.scale) {
        return misfit(fmt::format("may have {} digits after the decimal point", *type.scale));
    }
    return value.member.text;
}

// PostgreSQL's integer input knows neither `150.0` nor `1.5e2`.
StoredText stored(const Integer& type, const SentValue& value) {
    if (!value.is(json::Type::number) || !is_whole(value.member.text)) {
        return misfit("must be an integer");
    }
    const auto whole = whole_value(value.member.text);
    if (!whole || *whole < type.least || *whole > type.most) {
        return misfit(fmt::format("must be between {} and {}", type.least, type.most));
    }
    return std::to_string(*whole);
}

// PostgreSQL refuses what a double cannot hold, at both ends.
StoredText stored(const Float&, const SentValue& value) {
    if (!value.is(json::Type::number)) return misfit("must be a number");
    const std::string& text = value.member.text;
    double parsed = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), parsed);
    if (result.ec == std::errc::result_out_of_range) {
        return misfit(is_under_power_of_ten(text, 0) ? "must be 0 or at least 5e-324 in magnitude"
                                                     : "must be under 1.8e308 in magnitude");
    }
    return text;
}

}  // namespace larder
