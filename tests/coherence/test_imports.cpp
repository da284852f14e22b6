// What the answer to an import says of its rows, and what the rows say of the records.
#include <algorithm>

#include "import_file.hpp"
#include "story.hpp"

using namespace larder::coherence;
using larder::test::Response;

namespace {

/// A row of an import that makes a record, or changes the one that has its key.
Operation& import(Story& story, Time start, Time end, RecordNumber record, Value of,
                  std::uint32_t together = 0) {
    auto& operation = story.create(start, end, record, of);
    operation.imported = true;
    operation.together = together;
    return operation;
}

struct TwoRecords : Story {
    TwoRecords() {
        history.operations.reserve(100);
        create(1, 2, alice, value(1));
        create(1, 2, bob, value(2));
    }
};

/// Three products that are new, and one that is changed.
struct Products {
    Products() {
        for (std::uint64_t n = 1; n <= 4; ++n) {
            ImportedRow row;
            row.write.record = static_cast<RecordNumber>(n);
            row.write.value = value(n);
            row.fate = n == 4 ? Fate::changed : Fate::created;
            row.members = {{"id", std::to_string(n)}, {"name", '"' + to_string(value(n)) + '"'}};
            file.rows.push_back(row);
        }
    }
    std::string take(int status, const std::string& body) {
        Response response;
        response.status = status;
        response.body = body;
        return take_answer(file, response);
    }
    Outcome outcome(std::size_t row) const { return file.rows[row].write.outcome; }
    bool are_all(Outcome wanted) const {
        return std::ranges::all_of(
            file.rows, [&](const ImportedRow& row) { return row.write.outcome == wanted; });
    }

    ImportFile file{.on_conflict = OnConflict::update};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(rows_of_imports)

BOOST_FIXTURE_TEST_CASE(rows_that_take_effect_together_are_accepted, TwoRecords) {
    import(*this, 3, never, alice, value(11), 1);
    import(*this, 3, never, bob, value(12), 1);
    read(4, 5, bob, value(2));
    read(5, 7, alice, value(11));
    read(6, 8, bob, value(2));
    read(9, 10, bob, value(12));
    BOOST_TEST(violations() == 0U);
}

BOOST_FIXTURE_TEST_CASE(one_row_without_the_other_is_found, TwoRecords) {
    import(*this, 3, never, alice, value(11), 1);
    import(*this, 3, never, bob, value(12), 1);
    read(5, 7, alice, value(11));
    BOOST_TEST(violations() == 0U);
    read(8, 9, bob, value(2));
    BOOST_TEST(violations() == 1U);
}

BOOST_FIXTURE_TEST_CASE(of_separate_rows_one_may_come_alone, TwoRecords) {
    import(*this, 3, never, alice, value(11));
    import(*this, 3, never, bob, value(12));
    read(5, 7, alice, value(11));
    read(8, 9, bob, value(2));
    BOOST_TEST(violations() == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_row_of_an_import_of_nothing_is_found, TwoRecords) {
    refuse(import(*this, 3, 4, alice, value(11), 1), 200);
    refuse(import(*this, 3, 4, bob, value(12), 1), 200);
    BOOST_TEST(violations() == 0U);
    read(5, 7, alice, value(11));
    BOOST_TEST(violations() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_row_is_that_of_the_record_which_shows_it, TwoRecords) {
    import(*this, 3, 4, no_record, value(11));
    read(5, 6, alice, value(11));
    list(7, 8, {{alice, value(11)}, {bob, value(2)}});
    BOOST_TEST(violations() == 0U);
    read(9, 10, alice, value(1));
    BOOST_TEST(violations() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_row_that_two_records_show_is_found, TwoRecords) {
    import(*this, 3, 4, no_record, value(11));
    read(5, 6, alice, value(11));
    read(5, 6, bob, value(11));
    BOOST_TEST(violations() >= 1U);
}

BOOST_AUTO_TEST_CASE(a_row_that_nobody_has_seen_may_own_an_employee_id) {
    Story story;
    story.history.operations.reserve(100);
    story.create(1, 2, alice, value(1));
    auto& refused = story.refuse(story.update(5, 6, alice, value(3, id_1)), 409);
    refused.value = value(3, id_1);
    BOOST_TEST(story.violations() == 1U);
    import(story, 3, 4, no_record, value(2, id_1));
    BOOST_TEST(story.violations() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(answers_to_imports, Products)

BOOST_AUTO_TEST_CASE(all_rows_are_done) {
    BOOST_TEST(take(200, R"({"created":3,"changed":1,"skipped":0,"failed":0,"errors":[]})") == "");
    BOOST_TEST(are_all(Outcome::ok));
}

BOOST_AUTO_TEST_CASE(a_row_that_failed_was_refused_and_tells_of_its_record) {
    const auto line = std::to_string(file.line_of(3));
    BOOST_TEST(take(200, R"({"created":3,"changed":0,"skipped":0,"failed":1,"errors":[{"line":)" +
                             line + R"(,"pointer":"/origin","detail":"is required"}]})") == "");
    BOOST_CHECK(outcome(0) == Outcome::ok);
    BOOST_CHECK(outcome(3) == Outcome::refused);
    BOOST_TEST(file.rows[3].write.status == 404);
}

BOOST_AUTO_TEST_CASE(counts_that_the_rows_do_not_make_are_wrong) {
    BOOST_TEST(take(200, R"({"created":4,"changed":0,"skipped":0,"failed":0,"errors":[]})") != "");
    BOOST_TEST(take(200, R"({"created":3,"changed":0,"skipped":0,"failed":0,"errors":[]})") != "");
    BOOST_TEST(take(200, R"({"created":2,"changed":1,"skipped":0,"failed":1,"errors":[]})") != "");
}

BOOST_AUTO_TEST_CASE(without_an_answer_nothing_is_known) {
    BOOST_TEST(take(0, "") == "");
    BOOST_TEST(are_all(Outcome::unknown));
    BOOST_TEST(take(503, R"({"detail":"Away. Before that 2 rows were created"})") == "");
    BOOST_TEST(are_all(Outcome::unknown));
    BOOST_TEST(take(503, R"({"detail":"Away. Nothing was imported."})") == "");
    BOOST_TEST(are_all(Outcome::refused));
}

BOOST_AUTO_TEST_CASE(of_all_or_none_a_failure_refuses_all) {
    file.is_all = true;
    BOOST_TEST(take(200, R"({"created":0,"changed":0,"skipped":0,"failed":1,"errors":[]})") == "");
    BOOST_TEST(are_all(Outcome::refused));
    BOOST_TEST(take(200, R"({"created":2,"changed":1,"skipped":0,"failed":1,"errors":[]})") != "");
}

BOOST_AUTO_TEST_CASE(of_an_import_that_was_cut_off_no_row_comes_that_was_not_sent) {
    take_cut(file, 2);
    BOOST_CHECK(outcome(1) == Outcome::unknown);
    BOOST_CHECK(outcome(2) == Outcome::refused);
    file.is_all = true;
    take_cut(file, 2);
    BOOST_TEST(are_all(Outcome::refused));
}

BOOST_AUTO_TEST_CASE(rows_are_lines) {
    file.rows.resize(1);
    BOOST_TEST(file.lines().at(0) == "{\"id\":1,\"name\":\"" + to_string(value(1)) + "\"}\n");
    file.is_csv = true;
    BOOST_TEST(file.lines().at(0) == "id,name\n");
    BOOST_TEST(file.lines().at(1) == "1," + to_string(value(1)) + "\n");
    BOOST_TEST(file.path() == "/products?on_conflict=update");
}

BOOST_AUTO_TEST_SUITE_END()
