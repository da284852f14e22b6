#pragma once

#include <cstdint>
#include <string_view>

namespace larder {

/// Exact comparisons on the text of a JSON number (RFC 8259, section 6), of any length and
/// exponent. The text must have passed the JSON parser. Pure; any thread.

/// Whether the number is under 0 (`-0` is not, `-1e-400` is).
bool is_negative(std::string_view number);

/// Whether the magnitude is under 10^`digits`.
bool is_under_power_of_ten(std::string_view number, int digits);

/// Whether the number has no fraction (`150`, `150.0` and `1.5e2`).
bool is_whole(std::string_view number);

/// Whether PostgreSQL's numeric can hold the number: at most 131072 digits before the decimal point
/// and 16383 after it, those included that an exponent brings.
bool is_storable(std::string_view number);

/// The value of a number for which is_whole and is_under_power_of_ten(18) hold.
std::int64_t whole_value(std::string_view number);

}  // namespace larder
