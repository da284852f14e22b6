// How changes of a database are written, deployed, interrupted and gone on from, by larder-schema
// and Sqitch beside a real PostgreSQL.
#define BOOST_TEST_MODULE plan_interrupted
#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fixture.hpp"
#include "plan/boats.hpp"

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

BOOST_AUTO_TEST_CASE(sqitch_deploys_reverts_verifies_and_deploys_again) {
    Boats boats;
    const auto sqitch = [&](const std::vector<std::string>& arguments) {
        const auto finished = boats.sqitch(arguments);
        BOOST_REQUIRE_MESSAGE(finished.status == 0, finished.output);
    };
    boats.fields("a = { type = \"text\", unique = true }\n");
    auto changes = boats.schema({"write", boats.directory() / "sql"});
    BOOST_TEST(changes.status == 2, changes.output);
    sqitch({"deploy", "--mode", "change"});
    boats.database().query("INSERT INTO boats (a) VALUES ('x')");
    boats.fields(
        "a = { type = \"text\", unique = true }\nb = { type = \"integer\", fill = \"7\" }\n");
    changes = boats.schema({"write", boats.directory() / "sql"});
    BOOST_TEST(changes.status == 2, changes.output);
    BOOST_TEST(std::ranges::count(changes.output, '\n') == 2, changes.output);
    // Once more before it is deployed: the same changes, and no others.
    BOOST_TEST(boats.schema({"write", boats.directory() / "sql"}).output == changes.output);
    sqitch({"deploy", "--mode", "change"});
    BOOST_TEST(boats.schema({"plan"}).status == 0);
    boats.fields("a = { type = \"text\", unique = true }\n");
    const auto dropped = boats.schema({"write", boats.directory() / "sql", "--drop", "boats.b"});
    BOOST_TEST(dropped.status == 2, dropped.output);
    sqitch({"deploy", "--mode", "change"});
    sqitch({"verify"});
    sqitch({"revert", "-y", "--to", "@HEAD^2"});
    BOOST_TEST(boats.value("SELECT a FROM boats WHERE b IS NULL") == "x");
    sqitch({"deploy", "--mode", "change"});
    BOOST_TEST(boats.schema({"plan"}).status == 0);
    sqitch({"revert", "-y"});
    BOOST_TEST(boats.refuses("SELECT FROM boats"));
}

BOOST_AUTO_TEST_CASE(an_interruption_at_any_statement_can_be_gone_on_from) {
    Boats boats;
    boats.start("a = { type = \"text\" }\nb = { type = \"integer\", optional = true }\n",
                "(a, b) SELECT n, n FROM generate_series(1, 20) AS n");
    boats.fields(
        "a = { type = \"text\", max = 9, unique = true, filter = true }\n"
        "b = { type = \"integer\", fill = \"1\" }\n"
        "c = { type = \"date\", fill = \"DATE '2026-01-01'\", sort = true }\n");
    const auto changes = boats.write();
    for (const auto& change : changes) {
        const auto whole = boats.directory() / "sql" / "deploy" / (change + ".sql");
        std::ifstream file(whole);
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        // Ends after each statement in turn, in the same session and in the next.
        for (auto end = text.find(";\n"); end != text.npos; end = text.find(";\n", end + 1)) {
            const auto part = boats.directory() / "sql" / "deploy" / "part.sql";
            std::ofstream(part) << text.substr(0, end + 2);
            (void)boats.script("deploy", "part");
            const auto planned = boats.schema({"plan"});
            BOOST_TEST(planned.status != 1, planned.output);
        }
        const auto finished = boats.script("deploy", change);
        BOOST_TEST(finished.status == 0, finished.output);
        BOOST_TEST(boats.script("verify", change).status == 0);
    }
    BOOST_TEST(boats.schema({"plan"}).status == 0);
}

BOOST_AUTO_TEST_CASE(an_index_that_was_not_finished_is_made_anew) {
    Boats boats;
    boats.start("a = { type = \"text\" }\n", "(a) VALUES ('x'), ('x')");
    BOOST_TEST(boats.refuses("CREATE UNIQUE INDEX CONCURRENTLY boats_a_key ON boats (a)"));
    boats.database().query("UPDATE boats SET a = 'y' WHERE id = 2");
    boats.fields("a = { type = \"text\", unique = true }\n");
    boats.apply();
    BOOST_TEST(boats.refuses("INSERT INTO boats (a) VALUES ('x')"));
}

BOOST_AUTO_TEST_CASE(a_change_waits_for_a_lock_for_a_moment_only) {
    Boats boats;
    boats.start("a = { type = \"text\" }\n", "(a) VALUES ('x')");
    boats.fields("a = { type = \"text\" }\nb = { type = \"date\", optional = true }\n");
    const auto changes = boats.write();
    auto other = stack().database();
    other.query("BEGIN");
    other.query("LOCK TABLE boats IN ACCESS SHARE MODE");
    const auto held = boats.script("deploy", changes[0]);
    BOOST_TEST(held.status != 0);
    BOOST_TEST(held.output.contains("due to lock timeout"), held.output);
    other.query("ROLLBACK");
    BOOST_TEST(boats.script("deploy", changes[0]).status == 0);
    BOOST_TEST(boats.schema({"plan"}).status == 0);
}

// What a deleted `contract` would do to the descriptions that have come since.
BOOST_AUTO_TEST_CASE(a_change_that_was_not_deployed_gives_way_to_edited_descriptions) {
    Boats boats;
    const auto write = [&](std::vector<std::string> more) {
        std::vector<std::string> arguments = {"write", boats.directory() / "sql"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const auto written = boats.schema(arguments);
        BOOST_REQUIRE_MESSAGE(written.status == 2, written.output);
        return lines_in(written.output);
    };
    const auto sqitch = [&](const std::vector<std::string>& arguments) {
        const auto finished = boats.sqitch(arguments);
        BOOST_REQUIRE_MESSAGE(finished.status == 0, finished.output);
    };
    const std::string a = "a = { type = \"integer\" }\n";
    const std::string b = "b = { type = \"integer\", optional = true }\n";
    boats.fields(a + b);
    write({});
    sqitch({"deploy", "--mode", "change"});
    boats.database().query("INSERT INTO boats (a, b) VALUES (1, 2)");

    boats.fields(a + "c = { type = \"date\", optional = true }\n");
    const auto former = write({"--drop", "boats.b"});
    BOOST_REQUIRE(former.size() == 2U);
    sqitch({"deploy", "--mode", "change", "--to-change", former[0]});
    // Interrupted. The same descriptions, also without the name: the same changes.
    BOOST_TEST((write({}) == std::vector{former[1]}));

    boats.fields(a + b + "d = { type = \"date\", optional = true }\n");
    const auto lines = write({});
    BOOST_REQUIRE(lines.size() == 2U);
    BOOST_TEST(lines[0] == "superseded " + former[1]);
    BOOST_TEST(is_expand(lines[1]));
    // As scripts/lib/change.sh does.
    sqitch({"deploy", "--mode", "change", "--log-only", "--no-verify", "--to-change", former[1]});
    BOOST_TEST((write({}) == std::vector{lines[1]}));
    sqitch({"deploy", "--mode", "change"});
    BOOST_TEST(boats.value("SELECT b FROM boats") == "2");
    BOOST_TEST(boats.schema({"plan"}).status == 0);
    // The history goes all the way back and forth.
    sqitch({"verify"});
    sqitch({"revert", "-y"});
    BOOST_TEST(boats.refuses("SELECT FROM boats"));
    sqitch({"deploy", "--mode", "change"});
}

BOOST_AUTO_TEST_CASE(a_fill_that_makes_duplicates_between_the_phases_is_named_and_mended) {
    Boats boats;
    const std::string a = "a = { type = \"integer\" }\n";
    boats.start(a, "(a) VALUES (1), (2), (3)");
    boats.fields(a + "code = { type = \"text\", unique = true, fill = \"'c' || a\" }\n");
    const auto changes = boats.write();
    BOOST_REQUIRE(changes.size() == 2U);
    BOOST_TEST(boats.script("deploy", changes[0]).status == 0);
    boats.database().query("INSERT INTO boats (a) VALUES (2), (7), (7), (8)");  // an old worker
    const auto failed = boats.script("deploy", changes[1]);
    BOOST_TEST(failed.status != 0);
    BOOST_TEST(failed.output.contains("(code)=(c2) already exists"), failed.output);

    boats.expect_problem({"boats.code", "3 rows are in the way, with the ids 4, 5, 6",
                          "get a value from its `fill` that another row has",
                          "UPDATE public.\"boats\" SET \"code\" = … WHERE"});
    boats.run_sql("UPDATE boats SET code = 'other' || id WHERE id IN (4, 5)");
    BOOST_TEST(boats.schema({"plan"}).status == 2);
    BOOST_TEST(boats.script("deploy", changes[1]).status == 0);
    BOOST_TEST(boats.schema({"plan"}).status == 0);
    BOOST_TEST(boats.value("SELECT string_agg(code, ' ' ORDER BY id) FROM boats") ==
               "c1 c2 c3 other4 other5 c7 c8");
}
