// What the removal of a parent says of its children and of the links of its friends.
#include "story.hpp"

using namespace larder::coherence;

namespace {

constexpr RecordNumber link = 3;

/// A parent with a child and a link.
struct Family : Story {
    Family() {
        history.operations.reserve(100);
        create(1, 2, parent, value(1)).resource = Resource::parents;
        create_child(3, 4, alice, value(2));
        create_child(3, 4, link, linked, Resource::links);
    }
    void see_link(Time start, Time end, bool is_there) {
        auto& operation = is_there ? read(start, end, link, linked) : gone(start, end, link);
        operation.resource = Resource::links;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(removals_of_parents, Family)

BOOST_AUTO_TEST_CASE(a_removal_with_the_parent_is_accepted) {
    read(5, 6, alice, value(2));
    see_link(5, 6, true);
    remove(10, 20, parent);
    read(11, 12, alice, value(2));
    see_link(11, 12, true);
    gone(13, 14, alice);
    see_link(15, 16, false);
    gone(21, 22, alice);
    see_link(21, 22, false);
    BOOST_TEST(violations() == 0U);
}

BOOST_AUTO_TEST_CASE(a_friend_stays) {
    create_child(3, 4, bob, value(3), Resource::friends);
    remove(10, 20, parent);
    read(21, 22, bob, value(3));
    BOOST_TEST(violations() == 0U);
}

BOOST_AUTO_TEST_CASE(a_child_after_its_parent_is_found) {
    remove(10, 20, parent);
    read(21, 22, alice, value(2));
    BOOST_TEST(violations() == 1U);
}

BOOST_AUTO_TEST_CASE(a_child_that_was_gone_and_then_there_is_found) {
    remove(10, 20, parent);
    gone(11, 12, alice);
    read(13, 14, alice, value(2));
    BOOST_TEST(violations() == 1U);
}

BOOST_AUTO_TEST_CASE(a_link_after_its_parent_is_found) {
    remove(10, 20, parent);
    see_link(21, 22, true);
    BOOST_TEST(violations() == 1U);
}

BOOST_AUTO_TEST_CASE(what_goes_without_its_parent_is_found) {
    read(5, 6, alice, value(2));
    see_link(5, 6, true);
    gone(7, 8, alice);
    see_link(7, 8, false);
    BOOST_TEST(violations() == 2U);
}

BOOST_AUTO_TEST_CASE(a_list_with_a_child_after_its_parent_is_found) {
    remove(10, 20, parent);
    list(21, 22, {{alice, value(2)}}).resource = Resource::children;
    BOOST_TEST(violations() == 1U);
}

BOOST_AUTO_TEST_CASE(a_child_that_is_created_after_its_parent_was_removed_is_found) {
    remove(10, 20, parent);
    create_child(21, 22, bob, value(3));
    read(23, 24, bob, value(3));
    BOOST_TEST(violations() == 1U);
}

BOOST_AUTO_TEST_CASE(a_removal_without_an_answer_explains_what_is_gone) {
    remove(10, never, parent);
    read(30, 31, alice, value(2));
    gone(40, 41, alice);
    see_link(42, 43, false);
    BOOST_TEST(violations() == 0U);
}

BOOST_AUTO_TEST_CASE(a_child_may_go_by_itself_before_its_parent) {
    remove(10, 11, alice);
    gone(12, 13, alice);
    remove(20, 21, parent);
    gone(22, 23, alice);
    BOOST_TEST(violations() == 0U);
}

BOOST_AUTO_TEST_CASE(a_foreign_removal_of_the_parent_excuses_its_children) {
    remove(10, 20, parent).foreign = true;
    history.graces.push_back(
        {.record = parent, .resource = Resource::parents, .start = 10, .end = 30});
    read(21, 22, alice, value(2));
    see_link(21, 22, true);
    BOOST_TEST(violations() == 0U);
    read(31, 32, alice, value(2));
    BOOST_TEST(violations() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
