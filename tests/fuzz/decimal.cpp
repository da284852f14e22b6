#include "json/decimal.hpp"

#include <string>

#include "fuzz/exact.hpp"
#include "fuzz/json_judge.hpp"
#include "fuzz/target.hpp"

using namespace larder;

namespace {

void check_storable(std::string_view number, const fuzz::Exact& exact) {
    const auto digits = exact.written_digits();
    // A zero may have any exponent, and PostgreSQL refuses some of them.
    const bool is_free = exact.is_zero() && exact.exponent() > most_digits;
    MUST(is_free || is_storable(number) == (digits <= most_digits));
    if (digits < 1'000'000'000) MUST(written_digits(number) == digits);
    if (digits >= 1'000'000'000) MUST(written_digits(number) > most_digits);
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
    if (!exact.is_whole()) {
        MUST(!whole_value(number));
    } else if (exact.is_under_power_of_ten(18)) {
        MUST(whole_value(number) == exact.whole_value());
    }
    MUST(!is_less(number, number));
    MUST(is_less(number, "0") == exact.is_negative());
}
