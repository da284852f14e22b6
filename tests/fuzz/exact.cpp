#include "fuzz/exact.hpp"

#include <algorithm>
#include <string>

namespace larder::fuzz {

namespace {

// cpp_int takes a leading zero for octal.
Exact::Integer decimal_integer(std::string_view digits) {
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    return digits.empty() ? Exact::Integer(0) : Exact::Integer(std::string(digits));
}

Exact::Integer power_of_ten(const Exact::Integer& exponent) {
    return boost::multiprecision::pow(Exact::Integer(10), static_cast<unsigned>(exponent));
}

}  // namespace

Exact::Exact(std::string_view number) {
    const bool is_negative = number.starts_with('-');
    if (is_negative) number.remove_prefix(1);
    const auto e = std::min(number.find_first_of("eE"), number.size());
    if (e < number.size()) {
        std::string_view text = number.substr(e + 1);
        const bool is_down = text.starts_with('-');
        if (is_down || text.starts_with('+')) text.remove_prefix(1);
        written_exponent_ = decimal_integer(text);
        if (is_down) written_exponent_ = -written_exponent_;
    }
    std::string digits(number.substr(0, e));
    exponent_ = written_exponent_;
    if (const auto point = digits.find('.'); point != digits.npos) {
        exponent_ -= digits.size() - point - 1;
        digits.erase(point, 1);
    }
    length_ = digits.size();
    significand_ = decimal_integer(digits);
    if (is_negative) significand_ = -significand_;
}

bool Exact::is_under_power_of_ten(unsigned digits) const {
    if (is_zero()) return true;
    if (exponent_ >= digits) return false;
    if (exponent_ < -Integer(length_)) return true;  // under 1
    const Integer limit = power_of_ten(digits);
    if (exponent_ >= 0) return magnitude() * power_of_ten(exponent_) < limit;
    return magnitude() < limit * power_of_ten(-exponent_);
}

bool Exact::is_whole() const {
    if (is_zero() || exponent_ >= 0) return true;
    if (-exponent_ > length_) return false;
    return significand_ % power_of_ten(-exponent_) == 0;
}

std::int64_t Exact::whole_value() const {
    if (is_zero()) return 0;
    const Integer value = exponent_ >= 0 ? Integer(significand_ * power_of_ten(exponent_))
                                         : Integer(significand_ / power_of_ten(-exponent_));
    return static_cast<std::int64_t>(value);
}

Exact::Integer Exact::written_digits() const {
    const Integer scale = exponent_ < 0 ? Integer(-exponent_) : Integer(0);
    if (is_zero()) return scale;
    const Integer before = Integer(magnitude().str().size()) + exponent_;
    return before < 0 ? scale : Integer(before + scale);
}

}  // namespace larder::fuzz
