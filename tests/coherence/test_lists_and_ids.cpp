#include "story.hpp"

using namespace larder::coherence;

BOOST_AUTO_TEST_SUITE(lists)

BOOST_AUTO_TEST_CASE(a_list_reads_each_record_in_it) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.update(3, 4, alice, value(2));
    story.list(5, 6, {{alice, value(2)}});
    BOOST_TEST(story.violations() == 0U);
    story.list(7, 8, {{alice, value(1)}});
    BOOST_TEST(story.violations() == 1U);
    BOOST_TEST(story.violations(Scope::records) == 0U);
    BOOST_TEST(story.violations(Scope::lists) == 1U);
}

BOOST_AUTO_TEST_CASE(a_list_and_a_record_that_disagree_are_found_together) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.update(3, 20, alice, value(2));
    story.list(4, 5, {{alice, value(2)}});
    story.read(6, 7, alice, value(1));
    BOOST_TEST(story.violations() == 1U);
    BOOST_TEST(story.violations(Scope::records) == 0U);
    BOOST_TEST(story.violations(Scope::lists) == 0U);
}

BOOST_AUTO_TEST_CASE(a_list_without_a_record_reads_its_absence) {
    Story story;
    story.list(1, 2, {});
    story.create(1, 3, alice, value(1));
    story.list(2, 4, {});
    story.read(4, 5, alice, value(1));
    story.list(6, 7, {}, ListKind::part);
    story.remove(8, 9, alice);
    story.list(10, 11, {});
    BOOST_TEST(story.violations() == 0U);
    story.list(6, 7, {});
    BOOST_TEST(story.violations() >= 1U);
}

BOOST_AUTO_TEST_CASE(a_list_that_still_has_a_removed_record_is_found) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.remove(3, 4, alice);
    story.list(5, 6, {{alice, value(1)}});
    BOOST_TEST(story.violations() == 1U);
}

BOOST_AUTO_TEST_CASE(a_list_that_shows_a_removed_record_again_is_found_before_the_removal_ends) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.remove(3, never, alice);
    story.list(5, 6, {});
    story.list(7, 8, {{alice, value(1)}});
    BOOST_TEST(story.violations() == 1U);
}

BOOST_AUTO_TEST_CASE(the_list_of_high_salaries_leaves_out_low_ones_only) {
    Story story;
    story.create(1, 2, alice, value(1, 0, false));
    story.list(3, 4, {}, ListKind::high_salary);
    story.update(5, 6, alice, value(2, 0, true));
    story.list(7, 8, {{alice, value(2, 0, true)}}, ListKind::high_salary);
    story.read(20, 21, alice, value(2, 0, true));
    BOOST_TEST(story.violations() == 0U);
    story.list(10, 11, {}, ListKind::high_salary);
    BOOST_TEST(story.violations() == 1U);
}

BOOST_AUTO_TEST_CASE(a_list_by_employee_id_leaves_out_other_ids_only) {
    Story story;
    const auto list_of = [&](Time start, Time end, unsigned id, std::vector<ListEntry> entries) {
        story.list(start, end, std::move(entries), ListKind::employee_id).value = value(1, id);
    };
    story.create(1, 2, alice, value(1, 5));
    list_of(3, 4, 5, {{alice, value(1, 5)}});
    story.update(5, 6, alice, value(2, 6));
    list_of(7, 8, 5, {});
    list_of(7, 8, 6, {{alice, value(2, 6)}});
    story.read(20, 21, alice, value(2, 6));
    BOOST_TEST(story.violations() == 0U);
    list_of(10, 11, 6, {});
    BOOST_TEST(story.violations() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(conditions_and_etags)

BOOST_AUTO_TEST_CASE(two_writes_on_the_condition_of_one_value_are_a_lost_update) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.update(3, 6, alice, value(2)).expected = value(1);
    BOOST_TEST(story.violations() == 0U);
    story.update(4, 7, alice, value(3)).expected = value(1);
    BOOST_TEST(story.violations() >= 1U);
}

BOOST_AUTO_TEST_CASE(a_condition_that_fails_without_reason_is_found) {
    Story story;
    story.create(1, 2, alice, value(1));
    auto& refused = story.refuse(story.update(3, 4, alice, value(2)), 412);
    refused.expected = value(1);
    BOOST_TEST(story.violations() == 0U);
    story.read(5, 6, alice, value(1));
    BOOST_TEST(story.violations() == 1U);
}

BOOST_AUTO_TEST_CASE(a_head_request_reads_the_value_of_its_etag) {
    Story story;
    story.create(1, 2, alice, value(1)).etag = 11;
    story.update(3, 4, alice, value(2)).etag = 22;
    auto& head = story.read(5, 6, alice, absent);
    head.value_by_etag = true;
    head.etag = 22;
    BOOST_TEST(story.violations() == 0U);
    story.history.operations.back().etag = 11;
    BOOST_TEST(story.violations() == 1U);
    story.history.operations.back().etag = 33;
    BOOST_TEST(story.violations() == 0U);
}

BOOST_AUTO_TEST_CASE(a_value_has_one_etag) {
    Story story;
    story.create(1, 2, alice, value(1)).etag = 11;
    story.read(3, 4, alice, value(1)).etag = 12;
    BOOST_TEST(story.violations() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(employee_ids)

BOOST_AUTO_TEST_CASE(an_id_moves_from_owner_to_owner) {
    Story story;
    story.create(1, 2, alice, value(1, id_1));
    story.refuse(story.create(3, 4, no_record, value(2, id_1)), 409);
    story.update(5, 8, alice, value(3));
    story.create(6, 7, bob, value(4, id_1));
    story.remove(9, 10, bob);
    story.update(11, 12, alice, value(5, id_1));
    BOOST_TEST(story.violations() == 0U);
}

BOOST_AUTO_TEST_CASE(two_owners_at_once_are_found) {
    Story story;
    story.create(1, 2, alice, value(1, id_1));
    story.read(9, 10, alice, value(1, id_1));
    story.create(3, 4, bob, value(2, id_1));
    BOOST_TEST(story.violations() == 1U);
}

BOOST_AUTO_TEST_CASE(a_refusal_with_no_owner_is_found) {
    Story story;
    story.create(1, 2, alice, value(1, id_1));
    story.update(3, 4, alice, value(2));
    story.read(4, 9, alice, value(2));
    story.refuse(story.create(5, 6, no_record, value(3, id_1)), 409);
    BOOST_TEST(story.violations() == 1U);
}

BOOST_AUTO_TEST_CASE(a_refusal_may_be_due_to_a_write_without_an_answer) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.update(3, never, alice, value(2, id_1));
    story.refuse(story.create(5, 6, no_record, value(3, id_1)), 409);
    BOOST_TEST(story.violations() == 0U);
}

BOOST_AUTO_TEST_CASE(a_refusal_may_be_due_to_a_creation_that_nobody_has_seen) {
    Story story;
    story.refuse(story.create(1, 2, no_record, value(1, id_1)), 409);
    story.create(3, never, no_record, value(2, id_1));
    BOOST_TEST(story.violations() == 1U);
    story.refuse(story.create(5, 6, no_record, value(3, id_1)), 409);
    BOOST_TEST(story.violations() == 1U);
}

BOOST_AUTO_TEST_CASE(the_owner_itself_is_no_reason_to_refuse_it) {
    Story story;
    story.create(1, 2, alice, value(1, id_1));
    story.refuse(story.update(3, 4, alice, value(2, id_1)), 409);
    BOOST_TEST(story.violations() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(foreign_writes)

BOOST_AUTO_TEST_CASE(reads_are_free_for_a_while_after_a_foreign_write_and_then_not) {
    Story story;
    story.create(1, 2, alice, value(1));
    story.update(3, 4, alice, value(2)).foreign = true;
    story.history.graces.push_back({.record = alice, .start = 3, .end = 10});
    story.read(5, 6, alice, value(2));
    story.read(7, 8, alice, value(1));
    story.read(11, 12, alice, value(2));
    BOOST_TEST(story.violations() == 0U);
    story.read(13, 14, alice, value(1));
    BOOST_TEST(story.violations() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
