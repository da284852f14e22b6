#include "feed/mark.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace larder;

BOOST_AUTO_TEST_SUITE(mark)

BOOST_AUTO_TEST_CASE(a_mark_survives_being_text) {
    for (const std::uint64_t epoch :
         {std::uint64_t{0}, std::uint64_t{7}, std::numeric_limits<std::uint64_t>::max()}) {
        const Mark sent{
            .host = "0123456789abcdef", .epoch = epoch, .rows = 32, .form = "fedcba9876543210"};
        const auto received = parse_mark(to_text(sent));
        BOOST_REQUIRE(received);
        BOOST_TEST(received->host == sent.host);
        BOOST_TEST(received->epoch == sent.epoch);
        BOOST_TEST(received->rows == sent.rows);
        BOOST_TEST(received->form == sent.form);
    }
    BOOST_TEST(to_text({.host = "h", .epoch = 7}) == "h 7 1");
}

BOOST_AUTO_TEST_CASE(what_is_no_mark_is_refused) {
    for (const auto* text : {"", "host", "host ", " ", "host 1", "host 1 ", "host x 1", "host -1 1",
                             "host 1x 1", "host 1 x", "host 1 2 ", "host 1 2 3 4", "host  1 1",
                             "host 1.0 1", "host 18446744073709551616 1"}) {
        BOOST_TEST_CONTEXT(text) { BOOST_TEST(!parse_mark(text)); }
    }
}

BOOST_AUTO_TEST_CASE(the_mark_of_an_import_comes_back) {
    const auto mark = parse_import_mark(
        to_text(ImportMark{.host = "here", .form = "0123", .collection = "employees"}));
    BOOST_REQUIRE(mark.has_value());
    BOOST_TEST(mark->host == "here");
    BOOST_TEST(mark->form == "0123");
    BOOST_TEST(mark->collection == "employees");
    for (const auto* text : {"", "here", "here 0123", "here 0123 employees more"}) {
        BOOST_TEST(!parse_import_mark(text));
    }
}

BOOST_AUTO_TEST_SUITE_END()
