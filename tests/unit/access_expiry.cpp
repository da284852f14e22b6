#include "access/expiry.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using larder::access::parse_expiry;

namespace {

constexpr std::int64_t now = 1'795'000'000;  // 2026-11-18

std::int64_t expiry(const std::string& text) { return parse_expiry(text, now).value_or(-1); }

}  // namespace

BOOST_AUTO_TEST_SUITE(access_expiry)

BOOST_AUTO_TEST_CASE(durations) {
    BOOST_TEST(expiry("45s") == now + 45);
    BOOST_TEST(expiry("30m") == now + 1800);
    BOOST_TEST(expiry("12h") == now + 43200);
    BOOST_TEST(expiry("90d") == now + 7776000);
    BOOST_TEST(expiry("2w") == now + 1209600);
}

BOOST_AUTO_TEST_CASE(days_and_times) {
    BOOST_TEST(expiry("2027-01-31") == 1801353600);
    BOOST_TEST(expiry("2028-02-29") == 1835395200);
    BOOST_TEST(expiry("2027-01-31T12:34:56Z") == 1801398896);
}

BOOST_AUTO_TEST_CASE(other_texts) {
    for (const std::string text : {"",
                                   "d",
                                   "90",
                                   "90y",
                                   "-5d",
                                   "+5d",
                                   "1.5h",
                                   " 5d",
                                   "5d ",
                                   "9999999999999999999d",
                                   "2027-02-29",
                                   "2027-13-01",
                                   "2027-1-31",
                                   "27-01-31",
                                   "2027-01-31T12:34:56",
                                   "2027-01-31T24:00:00Z",
                                   "2027-01-31T12:34:60Z",
                                   "2027-01-31 12:34:56Z",
                                   "2027-01-31T12:34:56.5Z",
                                   "2027-01-31T12:34:56+01:00",
                                   "tomorrow",
                                   "2027-01-31T"}) {
        BOOST_TEST(parse_expiry(text, now).error().contains("such as 90d"), text);
    }
}

BOOST_AUTO_TEST_CASE(only_the_future) {
    for (const std::string text : {"0d", "2026-11-18", "1970-01-01", "0001-01-01"}) {
        BOOST_TEST(parse_expiry(text, now).error() == "it is not in the future", text);
    }
    BOOST_TEST(parse_expiry("9000000d", now).error() == "it is after the year 9999");
}

BOOST_AUTO_TEST_SUITE_END()
