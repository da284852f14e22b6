#include "json/decimal.hpp"

#include <string>

#include "fuzz/exact.hpp"
#include "fuzz/json_judge.hpp"
#include "fuzz/target.hpp"

using namespace larder;

namespace {

// What PostgreSQL's numeric can hold (manual, "Numeric Types").
constexpr int most_integer_digits = 131072;
constexpr int most_scale = 16383;

// What has to be storable whatever bounds Larder sets (contract: 1,000 digits written out).
constexpr int always_storable = 1000;

void check_storable(std::string_view number, const fuzz::Exact& exact) {
    const auto digits = exact.integer_digits();
    if (is_storable(number)) {
        MUST(digits <= most_integer_digits);
        MUST(exact.scale() <= most_scale);
    } else {
        // A zero may have any exponent, and PostgreSQL refuses some of them.
        MUST(digits + exact.scale() > always_storable ||
             (exact.is_zero() && exact.exponent() > always_storable));
    }
}

}  // namespace

FUZZ_TARGET(decimal) {
    std::string number;
    for (const char c : input) {
        if (std::string_view("0123456789.-+eE").contains(c)) number += c;
    }
    if (!fuzz::is_json_number(number)) return;
    const fuzz::Exact exact(number);
    MUST(is_negative(number) == exact.is_negative());
    MUST(is_whole(number) == exact.is_whole());
    for (const int digits : {0, 1, 3, 12, 18, 400}) {
        MUST(is_under_power_of_ten(number, digits) ==
             exact.is_under_power_of_ten(static_cast<unsigned>(digits)));
    }
    check_storable(number, exact);
    if (exact.is_whole() && exact.is_under_power_of_ten(18)) {
        MUST(whole_value(number) == exact.whole_value());
    }
}
