#include "admin/plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "admin/sql_text.hpp"
#include "catalog/description.hpp"
#include "column.hpp"

using namespace larder;
using namespace larder::admin;

namespace {

Resource described(const std::string& fields) {
    const auto read =
        read_description("boats", "title = \"Boat\"\nid = \"integer\"\n[fields]\n" + fields);
    BOOST_REQUIRE(read);
    return read->resource;
}

/// A table `boats` with an id and these columns.
Table table(std::vector<Column> columns) {
    Table made{.schema = "public", .name = "boats"};
    made.columns = {column("id", "bigint")};
    made.columns[0].is_identity = true;
    made.columns.insert(made.columns.end(), columns.begin(), columns.end());
    made.key = {"id"};
    made.is_published = true;
    made.rows = 3000000;
    made.bytes = 300000000;
    return made;
}

Plan planned(const std::string& fields, const Table& had, const Drops& drops = {}) {
    const std::vector<Resource> resources = {described(fields)};
    return make_plan(resources, std::vector{had}, drops);
}

/// `expand boats.total: add the column …`, one a line, with the problems.
std::string shown(const Plan& plan) {
    std::string text;
    for (const std::string& problem : plan.problems) text += "problem " + problem + '\n';
    for (const Step& step : plan.steps) {
        text += fmt::format("{} {}: {}\n", step.phase == Phase::expand ? "expand" : "contract",
                            step.subject, step.words);
    }
    return text;
}

/// Whether the lines of `text` begin so, and no others are there.
void expect_lines(const std::string& text, const std::vector<std::string>& beginnings) {
    std::size_t at = 0;
    for (const std::string& beginning : beginnings) {
        BOOST_TEST(text.substr(at).starts_with(beginning), text << "\nhas not: " << beginning);
        at = std::min(text.find('\n', at), text.size() - 1) + 1;
    }
    BOOST_TEST(at == text.size(), text);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(admin_plan)

BOOST_AUTO_TEST_CASE(a_resource_without_a_table_gets_one) {
    const std::vector<Resource> resources = {
        described("name = { type = \"text\", unique = true }")};
    const Plan plan = make_plan(resources, {}, {});
    expect_lines(shown(plan), {"expand boats: create the table, with 2 columns"});
    BOOST_TEST(plan.steps[0].deploy.contains("REPLICA IDENTITY FULL"));
}

BOOST_AUTO_TEST_CASE(a_table_that_is_as_described_needs_nothing) {
    Column name = column("name", "text");
    name.rules = Text{.shortest = 1};
    const Plan plan = planned("name = { type = \"text\", min = 1 }", table({name}));
    expect_lines(shown(plan), {});
    BOOST_TEST(plan.notes.empty());
}

BOOST_AUTO_TEST_CASE(a_new_field_comes_before_the_restart) {
    const Table had = table({});
    expect_lines(shown(planned("a = { type = \"date\", optional = true }", had)),
                 {"expand boats.a: add the column"});
    const Plan defaulted = planned("a = { type = \"text\", max = 5, default = \"x\" }", had);
    expect_lines(shown(defaulted),
                 {"expand boats.a: add the column", "expand boats.a: let the column take only"});
    BOOST_TEST(defaulted.steps[0].deploy.contains("NOT NULL"));
}

BOOST_AUTO_TEST_CASE(old_rows_are_filled_before_the_restart_and_once_more_after_it) {
    const Plan plan = planned("a = { type = \"integer\", fill = \"id * 2\" }", table({}));
    expect_lines(shown(plan), {"expand boats.a: add the column", "expand boats.a: fill the rows",
                               "contract boats.a: fill the rows", "contract boats.a: require"});
    BOOST_REQUIRE(plan.steps[3].violators);
    BOOST_TEST(plan.steps[3].violators->sql.contains("(id * 2)"));
}

BOOST_AUTO_TEST_CASE(rules_are_loosened_before_the_restart_and_tightened_after_it) {
    Column a = column("a", "text");
    a.rules = Text{.longest = 20};
    Table had = table({a});
    had.checks = {{.name = "old",
                   .expression = "(char_length(a) <= 20)",
                   .columns = {"a"},
                   .is_understood = true}};
    expect_lines(shown(planned("a = { type = \"text\", max = 30 }", had)),
                 {"expand boats.a: let the column take what"});
    expect_lines(shown(planned("a = { type = \"text\" }", had)),
                 {"expand boats.a: drop the constraints"});
    const Plan tighter = planned("a = { type = \"text\", max = 10 }", had);
    expect_lines(shown(tighter), {"contract boats.a: let the column take only"});
    BOOST_TEST(tighter.steps[0].violators.has_value());
    BOOST_TEST(tighter.steps[0].deploy.contains("DROP CONSTRAINT IF EXISTS \"old\""));
    BOOST_TEST(tighter.steps[0].deploy.contains("NOT VALID"));
    expect_lines(shown(planned("a = { type = \"text\", min = 5, max = 30 }", had)),
                 {"expand boats.a: drop the constraints", "contract boats.a: let the column take"});
}

BOOST_AUTO_TEST_CASE(a_constraint_that_is_not_understood_keeps_its_name) {
    Table had = table({column("a", "text")});
    had.checks = {{.name = "boats_a_rule", .expression = "(a <> lower(a))", .columns = {"a"}}};
    const Plan plan = planned("a = { type = \"text\", max = 10 }", had);
    BOOST_REQUIRE(plan.steps.size() == 1U);
    BOOST_TEST(!plan.steps[0].deploy.contains("\"boats_a_rule\""));
    BOOST_TEST(plan.notes.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_validation_that_was_interrupted_is_done) {
    Column a = column("a", "text");
    a.rules = Text{.longest = 20};
    Table had = table({a});
    had.checks = {{.name = "boats_a_rule",
                   .expression = "(char_length(a) <= 20)",
                   .columns = {"a"},
                   .is_understood = true,
                   .is_validated = false}};
    expect_lines(shown(planned("a = { type = \"text\", max = 20 }", had)),
                 {"contract boats.a: validate"});
}

BOOST_AUTO_TEST_CASE(a_type_is_widened_where_no_row_is_written_anew) {
    expect_lines(shown(planned("a = { type = \"text\", max = 30 }",
                               table({column("a", "character varying(20)")}))),
                 {"expand boats.a: change the type", "expand boats.a: let the column take what"});
    expect_lines(shown(planned("a = { type = \"decimal\" }", table({column("a", "numeric(5,2)")}))),
                 {"expand boats.a: change the type"});
    Table had = table({column("a", "integer")});
    const std::string told = shown(planned("a = { type = \"integer\" }", had));
    expect_lines(told, {"problem boats.a: the column is integer"});
    had.bytes = 8192;
    expect_lines(shown(planned("a = { type = \"integer\" }", had)),
                 {"expand boats.a: change the type"});
    expect_lines(shown(planned("a = { type = \"date\" }", table({column("a", "text")}))),
                 {"problem boats.a: the column is text"});
}

BOOST_AUTO_TEST_CASE(what_no_field_has_stays_until_it_is_named) {
    Column old = column("old", "integer", false);
    const std::string fields = "a = { type = \"text\", optional = true }";
    const Table had = table({column("a", "text", false), old});
    const Plan kept = planned(fields, had);
    expect_lines(shown(kept), {});
    BOOST_TEST(kept.notes.size() == 1U);
    const Plan dropped = planned(fields, had, {"boats.old"});
    expect_lines(shown(dropped), {"contract boats.old: drop the column"});
    BOOST_TEST(dropped.steps[0].is_lossy);
    for (const std::string name : {"boats.a", "boats", "boats.none", "none"}) {
        BOOST_TEST(planned(fields, had, {name}).problems.size() == 1U, name);
    }
}

BOOST_AUTO_TEST_CASE(a_required_column_without_a_field_lets_records_be_created) {
    const Table had = table({column("a", "text", false), column("old", "integer")});
    expect_lines(shown(planned("a = { type = \"text\", optional = true }", had)),
                 {"expand boats.old: let the column be empty"});
}

BOOST_AUTO_TEST_CASE(a_field_that_may_have_been_renamed_is_told) {
    const Table had = table({column("amount", "numeric", false)});
    const Plan plan = planned("total = { type = \"decimal\", optional = true }", had);
    BOOST_REQUIRE(plan.notes.size() == 2U);
    BOOST_TEST(plan.notes[0].contains("column = \"amount\""));
    BOOST_TEST(
        shown(planned("total = { type = \"decimal\", optional = true, column = \"amount\" }", had))
            .empty());
}

BOOST_AUTO_TEST_CASE(what_is_found_and_sorted_by_has_an_index_that_serves) {
    const auto missing = [](const std::string& field, const Column& had, const Index& index) {
        Table boats = table({had});
        boats.indexes = {index};
        std::string found;
        for (const Step& step : planned("a = { type = " + field + " }", boats).steps) {
            if (step.words.contains("the index")) found += step.words;
        }
        return found;
    };
    Column text = column("a", "text");
    text.collation = "\"C\"";
    const Index own = {.name = "one", .columns = {"a", "id"}, .access_method = "btree"};
    const Index unique = {
        .name = "one", .columns = {"a"}, .is_unique = true, .access_method = "btree"};
    BOOST_TEST(missing(R"("text", filter = true)", text, own) == "");
    BOOST_TEST(missing(R"("text", sort = true)", text, unique) == "");
    const Index other = {.name = "one", .columns = {"a", "b"}, .access_method = "btree"};
    BOOST_TEST(missing(R"("text", sort = true)", text, other).contains(R"(btree ("a", "id"))"));
    // Of a unique one many may be null, and these come by id.
    Column optional = text;
    optional.is_required = false;
    BOOST_TEST(missing(R"("text", optional = true, unique = true, sort = true)", optional, unique)
                   .contains(R"(btree ("a", "id"))"));
    BOOST_TEST(missing(R"("text", optional = true, unique = true, sort = true)", optional, own)
                   .find(R"(btree ("a", "id"))") == std::string::npos);
    // By code point.
    Column german = column("a", "text");
    german.collation = "\"de_DE\"";
    BOOST_TEST(missing(R"("text", sort = true)", german, own).contains(R"("a" COLLATE "C", "id")"));
    BOOST_TEST(missing(R"("enum", values = ["x"], filter = true)", german, own) == "");
    BOOST_TEST(missing(R"("enum", values = ["x"], filter = true, sort = true)", german, own)
                   .contains(R"("a" COLLATE "C", "id")"));
}

BOOST_AUTO_TEST_CASE(fields_have_an_index_together) {
    const std::string description =
        "title = \"Boat\"\nid = \"integer\"\nindexes = [[\"a\", \"b\"]]\n[fields]\n"
        "a = { type = \"integer\" }\nb = { type = \"date\" }";
    const auto read = read_description("boats", description);
    BOOST_REQUIRE(read);
    const std::vector<Resource> resources = {read->resource};
    const Plan fresh = make_plan(resources, {}, {});
    BOOST_TEST(fresh.steps[0].deploy.contains(R"(btree ("a", "b", "id"))"), fresh.steps[0].deploy);
    Table boats = table({column("a", "bigint"), column("b", "date")});
    const auto count = [&] {
        return std::ranges::count_if(
            make_plan(resources, std::vector{boats}, {}).steps,
            [](const Step& step) { return step.words.contains(R"(btree ("a", "b", "id"))"); });
    };
    BOOST_TEST(count() == 1);
    boats.indexes = {{.name = "one", .columns = {"a", "id"}, .access_method = "btree"}};
    BOOST_TEST(count() == 1);
    boats.indexes = {{.name = "one", .columns = {"a", "b", "id"}, .access_method = "btree"}};
    BOOST_TEST(count() == 0);
}

BOOST_AUTO_TEST_CASE(a_filter_and_an_order_without_an_index_are_told_of_a_large_table) {
    const std::string fields =
        "a = { type = \"integer\", filter = true }\nb = { type = \"date\", sort = true }";
    Table boats = table({column("a", "bigint"), column("b", "date")});
    boats.rows = 1'000'000;
    const auto told = [&] { return planned(fields, boats).notes; };
    BOOST_REQUIRE(told().size() == 1U);
    BOOST_TEST(told()[0].contains("boats: no index serves a=… with sort=b; "));
    boats.indexes = {{.name = "one", .columns = {"a", "b", "id"}, .access_method = "btree"}};
    BOOST_TEST(told().empty());
    boats.indexes.clear();
    boats.rows = 1'000;
    BOOST_TEST(told().empty());
}

BOOST_AUTO_TEST_CASE(a_unique_field_needs_an_index_and_whole_rows_in_the_log) {
    Table had = table({column("a", "text")});
    const std::string unique = "a = { type = \"text\", unique = true }";
    expect_lines(shown(planned(unique, had)),
                 {"expand boats.a: let no two rows", "expand boats: let PostgreSQL's log"});
    had.is_replica_identity_full = true;
    had.uniques = {{.name = "boats_a_key", .columns = {"a"}}};
    expect_lines(shown(planned(unique, had)), {});
    expect_lines(shown(planned("a = { type = \"text\" }", had)),
                 {"contract boats.a: let rows have the same value"});
    had.uniques[0].is_valid = false;
    had.indexes = {{.name = "boats_a_key", .columns = {"a"}, .is_unique = true, .is_valid = false}};
    const Plan again = planned(unique, had);
    BOOST_REQUIRE(again.steps.size() == 1U);
    BOOST_TEST(again.steps[0].deploy.contains("\"boats_a_key\""));
    had.uniques[0] = {.name = "boats_a_key", .columns = {"a"}, .is_deferrable = true};
    BOOST_TEST(planned(unique, had).problems.size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_changed_is_told) {
    Table had = table({});
    had.is_own = false;
    BOOST_TEST(planned("a = { type = \"date\", optional = true }", had).problems.size() == 1U);
    had.is_own = true;
    had.key = {"id", "other"};
    BOOST_TEST(planned("a = { type = \"date\", optional = true }", had).problems.size() == 1U);
    Column generated = column("a", "date");
    generated.is_generated = true;
    BOOST_TEST(planned("a = { type = \"date\" }", table({generated})).problems.size() == 1U);
    expect_lines(shown(planned("a = { type = \"date\", read_only = true }", table({generated}))),
                 {});
}

BOOST_AUTO_TEST_CASE(names_fit_postgresql_and_stay_apart) {
    BOOST_TEST(sql_name({"boats", "name", "key"}) == "boats_name_key");
    const std::string long_name(60, 'x');
    const std::string one = sql_name({"boats", long_name + "a", "rule"});
    BOOST_TEST(one.size() <= 63U);
    BOOST_TEST(one.ends_with("_rule"));
    BOOST_TEST(one != sql_name({"boats", long_name + "b", "rule"}));
    BOOST_TEST(sql_literal("it's") == "'it''s'");
    BOOST_TEST(sql_literal("a\\b") == "E'a\\\\b'");
    BOOST_TEST(shown_count(1234567) == "1,234,567");
}

BOOST_AUTO_TEST_SUITE_END()
