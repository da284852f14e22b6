#include "cache/cached_form.hpp"

#include <boost/test/unit_test.hpp>

using namespace larder;

BOOST_AUTO_TEST_SUITE(cached_form)

BOOST_AUTO_TEST_CASE(a_value_is_read_in_the_form_that_it_was_stored_in) {
    const CachedForm form("SELECT a, b");
    BOOST_TEST(form.value(form.stored("{}")).value_or("") == "{}");
    BOOST_TEST(CachedForm("SELECT a, b").value(form.stored("{}")).value_or("") == "{}");
}

BOOST_AUTO_TEST_CASE(a_value_of_another_form_is_none) {
    const CachedForm form("SELECT a, b");
    BOOST_TEST(!form.value(CachedForm("SELECT a").stored("{}")));
    BOOST_TEST(!form.value("{}"));
    BOOST_TEST(!form.value(""));
    BOOST_TEST(!form.value(std::nullopt));
}

BOOST_AUTO_TEST_CASE(no_value_stays_none) { BOOST_TEST(CachedForm("x").stored("").empty()); }

BOOST_AUTO_TEST_SUITE_END()
