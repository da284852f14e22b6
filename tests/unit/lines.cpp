#include "gateway/lines.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace larder;

namespace {

using Group = std::vector<int>;

constexpr std::size_t largest = 3;

}  // namespace

BOOST_AUTO_TEST_SUITE(lines)

BOOST_AUTO_TEST_CASE(only_the_first_of_a_line_asks_for_somebody_to_take_it) {
    Lines<std::string, int> lines(largest);
    BOOST_TEST(lines.add("a", 1));
    BOOST_TEST(!lines.add("a", 2));
    BOOST_TEST(lines.add("b", 3));
    BOOST_TEST((lines.take("a") == Group{1, 2}));
    BOOST_TEST((lines.take("b") == Group{3}));
}

BOOST_AUTO_TEST_CASE(who_comes_while_a_group_is_at_work_goes_with_the_next) {
    Lines<std::string, int> lines(largest);
    BOOST_TEST(lines.add("a", 1));
    BOOST_TEST((lines.take("a") == Group{1}));
    BOOST_TEST(!lines.add("a", 2));
    BOOST_TEST(lines.done("a"));
    BOOST_TEST((lines.take("a") == Group{2}));
    BOOST_TEST(!lines.done("a"));
    BOOST_TEST(lines.add("a", 3));
}

BOOST_AUTO_TEST_CASE(a_group_is_not_larger_than_it_may_be) {
    Lines<std::string, int> lines(largest);
    for (int i = 0; i < 4; ++i) lines.add("a", i);
    BOOST_TEST((lines.take("a") == Group{0, 1, 2}));
    BOOST_TEST(lines.done("a"));
    BOOST_TEST((lines.take("a") == Group{3}));
    BOOST_TEST(!lines.done("a"));
}

BOOST_AUTO_TEST_SUITE_END()
