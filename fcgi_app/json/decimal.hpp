#pragma once

#include <cstdint>
#include <optional>
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

inline constexpr std::int64_t most_digits = 1000;  ///< of a number once it is written out

/// The number of digits of the number once it is written out, that is, with no exponent: `1e3` has
/// four. The lone 0 before a decimal point does not count. PostgreSQL stores and prints a number
/// so.
std::int64_t written_digits(std::string_view number);

/// Whether Larder stores the number: at most `most_digits` digits, and an exponent, be it that of a
/// 0, that PostgreSQL's numeric can read.
bool is_storable(std::string_view number);

/// The number of digits after the decimal point that the value needs: `1.50` has one, `1e3` none.
std::int64_t fraction_digits(std::string_view number);

/// Whether `a` is under `b`.
bool is_less(std::string_view a, std::string_view b);

/// The value of a whole number that fits 63 bits and sign; nothing where it is another.
std::optional<std::int64_t> whole_value(std::string_view number);

}  // namespace larder
