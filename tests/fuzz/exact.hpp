#pragma once

#include <cstdint>
#include <string_view>

#include <boost/multiprecision/cpp_int.hpp>

namespace larder::fuzz {

/// The number that a JSON number is, in the arithmetic of Boost: an independent judge of
/// json/decimal.hpp. The text must be a JSON number.
class Exact {
public:
    using Integer = boost::multiprecision::cpp_int;

    explicit Exact(std::string_view number);

    bool is_negative() const { return significand_ < 0; }
    bool is_zero() const { return significand_ == 0; }
    bool is_under_power_of_ten(unsigned digits) const;
    bool is_whole() const;

    /// Of a whole number under 10^18.
    std::int64_t whole_value() const;

    /// Digits before and after the decimal point, once the exponent is written out; a lone 0 before
    /// it does not count.
    Integer written_digits() const;
    const Integer& exponent() const { return written_exponent_; }

private:
    Integer magnitude() const { return significand_ < 0 ? Integer(-significand_) : significand_; }

    // significand × 10^exponent, as written: nothing is normalised.
    Integer significand_;
    Integer exponent_;
    Integer written_exponent_;
    std::size_t length_ = 0;  // of the significand's text, without sign and point
};

}  // namespace larder::fuzz
