#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "catalog/resource.hpp"

namespace larder::admin {

/// Rules for numbers as a field says them, made of what PostgreSQL prints. Pure; any thread.

/// A bound of a number, as plain_number gives it.
struct Bound {
    std::string value;
    bool is_upper = false;
    bool is_strict = false;  ///< the value itself is not allowed
};

/// A number in digits with no exponent, as JSON writes it; nothing: `text` is none (`NaN`).
std::optional<std::string> plain_number(std::string_view text);

/// What `numeric` or `numeric(7,2)` can hold, with no rounding.
Decimal decimal_of_type(std::string_view type);

/// Adds bounds. A strict bound is said by `digits` where it is a power of ten, and else by the
/// neighbour that the scale gives. False: a bound cannot be said exactly, or no number is left.
bool add_bounds(Decimal& rules, std::span<const Bound> bounds);

}  // namespace larder::admin
