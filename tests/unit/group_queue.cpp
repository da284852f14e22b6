#include "server/group_queue.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace larder;

namespace {

using Group = std::vector<int>;

constexpr std::size_t largest = 3;

}  // namespace

BOOST_AUTO_TEST_SUITE(group_queue)

BOOST_AUTO_TEST_CASE(only_the_first_of_a_key_asks_for_a_thread) {
    GroupQueue<int> queue;
    BOOST_TEST(queue.add("a", 1));
    BOOST_TEST(!queue.add("a", 2));
    BOOST_TEST(queue.add("b", 3));
    BOOST_TEST((queue.take("a", largest) == Group{1, 2}));
    BOOST_TEST((queue.take("b", largest) == Group{3}));
}

BOOST_AUTO_TEST_CASE(who_comes_while_a_group_is_at_work_goes_with_the_next) {
    GroupQueue<int> queue;
    BOOST_TEST(queue.add("a", 1));
    BOOST_TEST((queue.take("a", largest) == Group{1}));
    BOOST_TEST(!queue.add("a", 2));
    BOOST_TEST(queue.done("a"));
    BOOST_TEST((queue.take("a", largest) == Group{2}));
    BOOST_TEST(!queue.done("a"));
    BOOST_TEST(queue.add("a", 3));
}

BOOST_AUTO_TEST_CASE(a_group_is_not_larger_than_it_may_be) {
    GroupQueue<int> queue;
    for (int i = 0; i < 4; ++i) queue.add("a", i);
    BOOST_TEST((queue.take("a", largest) == Group{0, 1, 2}));
    BOOST_TEST(queue.done("a"));
    BOOST_TEST((queue.take("a", largest) == Group{3}));
    BOOST_TEST(!queue.done("a"));
}

BOOST_AUTO_TEST_CASE(a_key_is_there_while_a_group_is_at_work_or_waits) {
    GroupQueue<int> queue;
    BOOST_TEST(!queue.contains("a"));
    queue.add("a", 1);
    BOOST_TEST(queue.contains("a"));
    queue.take("a", largest);
    BOOST_TEST(queue.contains("a"));
    BOOST_TEST(!queue.done("a"));
    BOOST_TEST(!queue.contains("a"));
}

BOOST_AUTO_TEST_SUITE_END()
