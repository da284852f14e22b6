#include "json/decimal.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <string>

using namespace larder;

namespace {

const std::string nines(12, '9');
const std::string beyond_int64 = "99999999999999999999999999";

}  // namespace

BOOST_AUTO_TEST_SUITE(decimal)

BOOST_AUTO_TEST_CASE(only_numbers_under_zero_are_negative) {
    for (const std::string& number :
         {std::string("-1"), std::string("-0.1"), std::string("-1e-400"), std::string("-12.50"),
          std::string("-0.000000000000000000000001"), std::string("-1E-20000"),
          "-1e-" + beyond_int64, "-1e" + beyond_int64}) {
        BOOST_TEST_CONTEXT(number) { BOOST_TEST(is_negative(number)); }
    }
    for (const std::string number :
         {"0", "-0", "-0.0", "-0e5", "-0.000e-7", "0.0", "1", "1e-400", "-0e999999999999"}) {
        BOOST_TEST_CONTEXT(number) { BOOST_TEST(!is_negative(number)); }
    }
}

BOOST_AUTO_TEST_CASE(the_upper_bound_is_exact) {
    for (const std::string& number :
         {std::string("0"), std::string("-0.0"), nines, nines + ".999",
          nines + '.' + std::string(400, '9'), '-' + nines, std::string("1e11"),
          std::string("9.99e11"), std::string("0.1e12"), std::string("0.0001e15"),
          std::string("100000000000000e-3"), std::string("1e-20000"), "1e-" + beyond_int64,
          std::string("0e999999999999"), "0.00e" + beyond_int64, std::string("000000000000.5")}) {
        BOOST_TEST_CONTEXT(number) { BOOST_TEST(is_under_power_of_ten(number, 12)); }
    }
    for (const std::string& number :
         {std::string("1e12"), std::string("1E+12"), std::string("1000000000000"),
          std::string("1000000000000.0"), std::string("-1e12"), std::string("0.1e13"),
          std::string("10000000000000e-1"), std::string("1e400"), "1e" + beyond_int64,
          std::string(400, '7'), "0.1e+" + beyond_int64}) {
        BOOST_TEST_CONTEXT(number) { BOOST_TEST(!is_under_power_of_ten(number, 12)); }
    }
}

BOOST_AUTO_TEST_CASE(the_number_of_digits_of_the_bound_counts) {
    BOOST_TEST(is_under_power_of_ten("0.99", 0));
    BOOST_TEST(!is_under_power_of_ten("1", 0));
    BOOST_TEST(is_under_power_of_ten("999", 3));
    BOOST_TEST(!is_under_power_of_ten("1000", 3));
}

BOOST_AUTO_TEST_CASE(a_whole_number_may_be_written_with_point_and_exponent) {
    for (const std::string number : {"0", "-0.0", "0e-5", "0.000", "150", "150.0", "1.5e2", "15e1",
                                     "1500e-1", "0.15e3", "1e400", "-7.00", "0e999999999999"}) {
        BOOST_TEST_CONTEXT(number) { BOOST_TEST(is_whole(number)); }
    }
    for (const std::string number :
         {"0.5", "-0.5", "150.01", "1.5e0", "15e-1", "1.55e1", "1e-400", "1e-1", "1234.5e-1"}) {
        BOOST_TEST_CONTEXT(number) { BOOST_TEST(!is_whole(number)); }
    }
    BOOST_TEST(is_whole("1e" + beyond_int64));
    BOOST_TEST(!is_whole("1e-" + beyond_int64));
}

BOOST_AUTO_TEST_CASE(digits_are_counted_as_written_out) {
    const std::pair<std::string, std::int64_t> numbers[] = {{"0", 0},
                                                            {"7", 1},
                                                            {"-12.50", 4},
                                                            {"1e3", 4},
                                                            {"1.5e2", 3},
                                                            {"1e-3", 3},
                                                            {"0.001", 3},
                                                            {"0.00e-3", 5},
                                                            {"0e999", 0},
                                                            {"1e131071", 131072},
                                                            {"1e-16383", 16383},
                                                            {"123e-2", 3},
                                                            {"1e999", 1000},
                                                            {"0.1e1001", 1001}};
    for (const auto& [number, digits] : numbers) {
        BOOST_TEST_CONTEXT(number) { BOOST_TEST(written_digits(number) == digits); }
    }
}

BOOST_AUTO_TEST_CASE(a_thousand_digits_are_storable_and_no_more) {
    for (const std::string& number :
         {std::string("0"), std::string("-0.0"), std::string("24.90"), std::string("1e999"),
          std::string("-9.99E+999"), std::string(1000, '9'), std::string("1e-1000"),
          "0." + std::string(999, '0') + '1', "1." + std::string(999, '0'), std::string("0e1000"),
          std::string("0e-1000"), "0." + std::string(1000, '0'), std::string("1e-400")}) {
        BOOST_TEST_CONTEXT(number.substr(0, 30)) { BOOST_TEST(is_storable(number)); }
    }
    for (const std::string& number :
         {std::string("1e1000"), std::string("1e131071"), std::string(1001, '9'),
          std::string("1e-1001"), std::string("1.5e-1000"), "0." + std::string(1000, '0') + '1',
          "1." + std::string(1000, '0'), std::string("-1e400000"), std::string("0e-1001"),
          std::string("0e999999999999"), "1e" + beyond_int64, "1e-" + beyond_int64,
          "0e" + beyond_int64}) {
        BOOST_TEST_CONTEXT(number.substr(0, 30)) { BOOST_TEST(!is_storable(number)); }
    }
}

BOOST_AUTO_TEST_CASE(whole_numbers_have_a_value) {
    const auto whole_value = [](std::string_view number) {
        return larder::whole_value(number).value();
    };
    BOOST_TEST(whole_value("0") == 0);
    BOOST_TEST(whole_value("-0") == 0);
    BOOST_TEST(whole_value("0e999999999999") == 0);
    BOOST_TEST(whole_value("150") == 150);
    BOOST_TEST(whole_value("150.0") == 150);
    BOOST_TEST(whole_value("1.5e2") == 150);
    BOOST_TEST(whole_value("1500E-1") == 150);
    BOOST_TEST(whole_value("-0.7e1") == -7);
    BOOST_TEST(whole_value("2147483648") == 2147483648);
    BOOST_TEST(whole_value("999999999999999999") == 999999999999999999);
    BOOST_TEST(whole_value("-999999999999999999") == -999999999999999999);
    BOOST_TEST(whole_value("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
    BOOST_TEST(whole_value("-922337203685477580.8e1") == std::numeric_limits<std::int64_t>::min());
    for (const auto* number : {"9223372036854775808", "-9223372036854775809", "1e19", "1e400",
                               "0.5", "-1e-400", "99999999999999999999"}) {
        BOOST_TEST_CONTEXT(number) { BOOST_TEST(!larder::whole_value(number)); }
    }
}

BOOST_AUTO_TEST_CASE(numbers_are_compared_by_value) {
    const std::initializer_list<std::string_view> rising = {
        "-1e400", "-10", "-9.99", "-1.5", "-1", "-0.5", "-1e-400", "0",   "1e-400",
        "0.05",   "0.5", "0.51",  "1",    "9",  "9.99", "10",      "101", "1e400"};
    for (const auto& a : rising) {
        for (const auto& b : rising) {
            BOOST_TEST_CONTEXT(a << " and " << b) { BOOST_TEST(is_less(a, b) == (&a < &b)); }
        }
    }
    for (const auto& [a, b] : {std::pair{"0", "-0.0e5"}, {"1.50", "15e-1"}, {"-1000", "-1e3"}}) {
        BOOST_TEST(!is_less(a, b));
        BOOST_TEST(!is_less(b, a));
    }
}

BOOST_AUTO_TEST_CASE(zeros_at_the_end_of_a_fraction_do_not_count) {
    BOOST_TEST(fraction_digits("0") == 0);
    BOOST_TEST(fraction_digits("100") == 0);
    BOOST_TEST(fraction_digits("1.50") == 1);
    BOOST_TEST(fraction_digits("1.505e1") == 2);
    BOOST_TEST(fraction_digits("5e-3") == 3);
    BOOST_TEST(fraction_digits("0.000e-9") == 0);
}

BOOST_AUTO_TEST_SUITE_END()
