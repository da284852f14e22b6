// Values that are written as numbers. A decimal is never a double: its text goes to PostgreSQL.

#include <fmt/format.h>

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

StoredText stored(const Decimal& type, const json::Member& member) {
    if (member.type != json::Type::number) return misfit("must be a number");
    if (!type.least.empty() && is_less(member.text, type.least)) {
        return misfit(fmt::format("must be {} or more", type.least));
    }
    if (!type.most.empty() && is_less(type.most, member.text)) {
        return misfit(fmt::format("must be {} or less", type.most));
    }
    if (type.digits && !is_under_power_of_ten(member.text, *type.digits)) {
        return misfit(magnitude_rule(type));
    }
    if (type.scale && fraction_digits(member.text) > *type.scale) {
        return misfit(fmt::format("may have {} digits after the decimal point", *type.scale));
    }
    return member.text;
}

// PostgreSQL's integer input knows neither `150.0` nor `1.5e2`.
StoredText stored(const Integer& type, const json::Member& member) {
    if (member.type != json::Type::number || !is_whole(member.text)) {
        return misfit("must be an integer");
    }
    const auto value = whole_value(member.text);
    if (!value || *value < type.least || *value > type.most) {
        return misfit(fmt::format("must be between {} and {}", type.least, type.most));
    }
    return std::to_string(*value);
}

}  // namespace larder
