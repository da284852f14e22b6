#define BOOST_TEST_MODULE coherence_checker
#include "story.hpp"

using namespace larder::coherence;

BOOST_AUTO_TEST_SUITE(reads_and_writes)

BOOST_AUTO_TEST_CASE(a_good_history_is_accepted) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.read(3, 4, alice, value(1));
    story.update(5, 10, alice, value(2));
    story.read(6, 7, alice, value(1));
    story.read(8, 9, alice, value(2));
    story.read(11, 12, alice, value(2));
    BOOST_TEST(story.violations() == 0U);
}

BOOST_AUTO_TEST_CASE(a_stale_read_is_found) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.update(3, 4, alice, value(2));
    story.read(5, 6, alice, value(1));
    story.read(7, 8, alice, value(2));
    BOOST_TEST(story.violations() == 1U);
}

BOOST_AUTO_TEST_CASE(a_stale_read_after_which_nobody_reads_is_found) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.update(3, 4, alice, value(2));
    story.read(5, 6, alice, value(1));
    BOOST_TEST(story.violations() == 1U);
}

BOOST_AUTO_TEST_CASE(a_new_value_that_was_seen_and_then_not_is_found_before_the_write_ends) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.update(3, 20, alice, value(2));
    story.read(4, 5, alice, value(2));
    story.read(6, 7, alice, value(1));
    BOOST_TEST(story.violations() == 1U);
}

BOOST_AUTO_TEST_CASE(a_lost_write_is_found) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.update(3, 4, alice, value(2));
    story.read(5, 6, alice, value(1));
    story.read(7, 8, alice, value(1));
    BOOST_TEST(story.violations() == 1U);
}

BOOST_AUTO_TEST_CASE(a_value_that_was_never_written_is_found) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.read(3, 4, alice, value(9));
    BOOST_TEST(story.violations() == 1U);
}

BOOST_AUTO_TEST_CASE(a_value_of_another_record_is_found) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.create(1, 2, bob, value(2));
    story.read(3, 4, alice, value(2));
    BOOST_TEST(story.violations() >= 1U);
}

BOOST_AUTO_TEST_CASE(a_refused_write_that_shows_is_found) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.refuse(story.update(3, 4, alice, value(2)), 409);
    story.read(5, 6, alice, value(2));
    BOOST_TEST(story.violations() >= 1U);
}

BOOST_AUTO_TEST_CASE(a_read_before_its_write_began_is_found) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.read(3, 4, alice, value(2));
    story.update(5, 6, alice, value(2));
    BOOST_TEST(story.violations() >= 1U);
}

BOOST_AUTO_TEST_CASE(a_write_that_is_applied_again_later_is_found) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.update(3, 4, alice, value(2));
    story.update(5, 6, alice, value(3));
    story.read(7, 8, alice, value(3));
    story.read(9, 10, alice, value(2));
    BOOST_TEST(story.violations() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(unacknowledged_writes)

BOOST_AUTO_TEST_CASE(one_may_be_seen_late) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.update(3, never, alice, value(2));
    story.read(5, 6, alice, value(1));
    story.read(50, 60, alice, value(1));
    story.read(70, 80, alice, value(2));
    BOOST_TEST(story.violations() == 0U);
}

BOOST_AUTO_TEST_CASE(one_may_never_be_seen) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.update(3, never, alice, value(2));
    story.read(50, 60, alice, value(1));
    BOOST_TEST(story.violations() == 0U);
}

BOOST_AUTO_TEST_CASE(one_must_not_be_seen_and_then_unseen) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.update(3, never, alice, value(2));
    story.read(5, 6, alice, value(2));
    story.read(7, 8, alice, value(1));
    BOOST_TEST(story.violations() == 1U);
}

BOOST_AUTO_TEST_CASE(a_creation_without_an_answer_belongs_to_the_record_that_shows_it) {
    Story story;
    story.create(1, never, no_record, value(1));
    story.list(5, 6, {{alice, value(1)}});
    story.read(7, 8, alice, value(1));
    BOOST_TEST(story.violations() == 0U);
    story.list(9, 10, {{alice, value(1)}, {bob, value(1)}});
    BOOST_TEST(story.violations() >= 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(removals)

BOOST_AUTO_TEST_CASE(a_removed_record_stays_away) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.remove(3, 6, alice);
    story.read(4, 5, alice, value(1));
    story.gone(4, 5, alice);
    story.gone(7, 8, alice);
    story.create(9, 10, bob, value(2));
    BOOST_TEST(story.violations() == 0U);
    story.read(11, 12, alice, value(1));
    BOOST_TEST(story.violations() == 1U);
}

BOOST_AUTO_TEST_CASE(a_record_that_nobody_removed_is_missed) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.gone(3, 4, alice);
    BOOST_TEST(story.violations() >= 1U);
}

BOOST_AUTO_TEST_CASE(a_record_whose_creation_is_unknown_may_never_be_there) {
    Story story;
    story.create(1, never, alice, value(1));
    story.gone(3, 4, alice);
    BOOST_TEST(story.violations() == 0U);
    story.read(5, 6, alice, value(1));
    BOOST_TEST(story.violations() == 0U);
    story.gone(7, 8, alice);
    BOOST_TEST(story.violations() >= 1U);
}

BOOST_AUTO_TEST_CASE(a_write_after_a_removal_is_found) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.remove(3, 4, alice);
    story.update(5, 6, alice, value(2));
    BOOST_TEST(story.violations() == 1U);
}

BOOST_AUTO_TEST_CASE(a_removal_without_an_answer_may_happen_late_but_not_be_undone) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.remove(3, never, alice);
    story.read(5, 6, alice, value(1));
    story.gone(7, 8, alice);
    BOOST_TEST(story.violations() == 0U);
    story.read(9, 10, alice, value(1));
    BOOST_TEST(story.violations() == 1U);
}

BOOST_AUTO_TEST_CASE(a_record_is_removed_once) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.remove(3, 4, alice);
    story.remove(3, 5, alice);
    BOOST_TEST(story.violations() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
