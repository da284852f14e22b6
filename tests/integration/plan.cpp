// larder-schema beside a real PostgreSQL: each evolution of a description, with rows in the table.
#define BOOST_TEST_MODULE plan
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "fixture.hpp"
#include "plan/boats.hpp"

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

BOOST_AUTO_TEST_CASE(the_three_seeds_need_nothing) {
    SchemaBench bench;
    for (const auto& file : std::filesystem::directory_iterator(source_directory() / "resources")) {
        std::filesystem::copy(file, bench.directory() / "resources");
    }
    const auto planned = bench.schema({"plan"});
    BOOST_TEST(planned.status == 0, planned.output);
    const auto checked = bench.schema({"check"});
    BOOST_TEST(checked.status == 0, checked.output);
    BOOST_TEST(checked.output.starts_with("ok: tables: "), checked.output);
}

BOOST_AUTO_TEST_CASE(every_type_becomes_a_table_that_needs_nothing_more) {
    Boats boats;
    boats.start(R"toml(
sign = { type = "text", min = 2, max = 8, alphabet = "identifier", unique = true, filter = true }
length = { type = "decimal", min = "0", max = "99.99", scale = 2, sort = true }
neg = { type = "decimal", min = "-5.5", digits = 3, default = "-1.50" }
berths = { type = "integer", min = -5, max = 12, default = -3, filter = true }
state = { type = "enum", values = ["afloat", "it's"], default = "it's", filter = true }
only = { type = "enum", values = ["one"], default = "one" }
launched = { type = "date", default = "2026-01-31" }
seen = { type = "timestamp", default = "2026-11-28T09:30:00.250+02:00" }
local = { type = "datetime", default = "2026-11-28T09:30:00" }
speed = { type = "float", default = -1.5 }
key = { type = "uuid", default = "6F1d2c3b-4a59-4e68-8b77-90a1b2c3d4e5" }
extra = { type = "json", default = { b = 1, aa = [1.50, "x'y\\z"], c = true, e = 1e20 } }
open = { type = "boolean", default = false }
note = { type = "text", default = "it's \\ $larder$ ok", search = true }
Order = { type = "text", max = 3, optional = true, search = true, column = "we\"ird; DROP" }
)toml");
}

BOOST_AUTO_TEST_CASE(documents_get_a_table_that_takes_objects_only) {
    Boats boats;
    boats.describe("boats", "title = \"Boat\"\nid = \"uuid\"\n");
    boats.apply();
    BOOST_TEST(!boats.refuses("INSERT INTO boats (data) VALUES ('{}')"));
    BOOST_TEST(boats.refuses("INSERT INTO boats (data) VALUES ('[]')"));
}

BOOST_AUTO_TEST_CASE(old_rows_get_a_default_or_are_filled) {
    Boats boats;
    boats.start("a = { type = \"integer\" }\n", "(a) SELECT n FROM generate_series(1, 2500) AS n");
    boats.fields(
        "a = { type = \"integer\" }\n"
        "b = { type = \"text\", default = \"x\" }\n"
        "c = { type = \"integer\", fill = \"a * 2\" }\n");
    boats.apply();
    BOOST_TEST(boats.value("SELECT count(*) FROM boats WHERE b = 'x' AND c = a * 2") == "2500");
    BOOST_TEST(boats.refuses("INSERT INTO boats (a) VALUES (1)"));
}

BOOST_AUTO_TEST_CASE(rows_without_a_value_are_named) {
    Boats boats;
    boats.start("a = { type = \"integer\", optional = true }\n", "(a) VALUES (1), (NULL), (NULL)");
    boats.fields("a = { type = \"integer\" }\n");
    boats.expect_problem({"boats.a", "2 rows", "2, 3"});
    boats.fields("a = { type = \"integer\", fill = \"0\" }\n");
    boats.apply();
    BOOST_TEST(boats.value("SELECT sum(a) FROM boats") == "1");
    boats.fields("a = { type = \"integer\", optional = true }\n");
    boats.apply();
    BOOST_TEST(!boats.refuses("INSERT INTO boats (a) VALUES (NULL)"));
    boats.fields("a = { type = \"integer\", optional = true }\nb = { type = \"date\" }\n");
    boats.expect_problem({"boats.b", "4 rows"});
}

BOOST_AUTO_TEST_CASE(a_fill_that_gives_no_value_is_refused_first) {
    Boats boats;
    boats.start("a = { type = \"integer\" }\n", "(a) VALUES (1), (20)");
    boats.fields("a = { type = \"integer\" }\nb = { type = \"integer\", max = 9, fill = \"a\" }\n");
    boats.expect_problem({"boats.b", "1 row", "2"});
    boats.fields("a = { type = \"integer\" }\nb = { type = \"integer\", fill = \"none\" }\n");
    boats.expect_problem({"boats.b", "none"});
}

BOOST_AUTO_TEST_CASE(rules_are_loosened_and_tightened) {
    Boats boats;
    boats.start("a = { type = \"text\", max = 5 }\n", "(a) VALUES ('abcde')");
    boats.fields("a = { type = \"text\", max = 9 }\n");
    boats.apply();
    BOOST_TEST(!boats.refuses("INSERT INTO boats (a) VALUES ('abcdefghi')"));
    boats.fields("a = { type = \"text\", max = 5 }\n");
    boats.expect_problem({"boats.a", "1 row", "id 2"});
    boats.database().query("DELETE FROM boats WHERE id = 2");
    boats.apply();
    BOOST_TEST(boats.refuses("INSERT INTO boats (a) VALUES ('abcdef')"));
    boats.fields("a = { type = \"text\" }\n");
    boats.apply();
    BOOST_TEST(!boats.refuses("INSERT INTO boats (a) VALUES ('abcdefghijk')"));
}

BOOST_AUTO_TEST_CASE(values_of_an_enum_are_added_and_removed) {
    Boats boats;
    boats.start("a = { type = \"enum\", values = [\"x\", \"y\"] }\n", "(a) VALUES ('x'), ('y')");
    boats.fields("a = { type = \"enum\", values = [\"x\", \"y\", \"z\"] }\n");
    boats.apply();
    boats.fields("a = { type = \"enum\", values = [\"x\", \"z\"] }\n");
    boats.expect_problem({"boats.a", "id 2"});
    boats.database().query("UPDATE boats SET a = 'z' WHERE id = 2");
    boats.apply();
    BOOST_TEST(boats.refuses("INSERT INTO boats (a) VALUES ('y')"));
}

BOOST_AUTO_TEST_CASE(an_enum_type_gets_values_and_loses_them_by_a_rule) {
    Boats boats;
    boats.database().query("CREATE TYPE public.boat_state AS ENUM ('x', 'y')");
    boats.database().query(
        "CREATE TABLE public.boats (id bigint PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY,"
        " a public.boat_state NOT NULL)");
    boats.fields("a = { type = \"enum\", values = [\"x\", \"y\", \"z\"] }\n");
    boats.apply();
    BOOST_TEST(!boats.refuses("INSERT INTO boats (a) VALUES ('z')"));
    boats.fields("a = { type = \"enum\", values = [\"y\", \"z\"] }\n");
    boats.apply();
    BOOST_TEST(boats.refuses("INSERT INTO boats (a) VALUES ('x')"));
    boats.database().query("DROP TABLE boats");
    boats.database().query("DROP TYPE boat_state");
}

BOOST_AUTO_TEST_CASE(a_field_is_renamed_with_its_column_in_place) {
    Boats boats;
    boats.start("a = { type = \"integer\" }\n", "(a) VALUES (7)");
    boats.fields("b = { type = \"integer\" }\n");
    const auto told = boats.schema({"plan"});
    BOOST_TEST(told.output.contains("column = \"a\""), told.output);
    boats.fields("b = { type = \"integer\", column = \"a\" }\n");
    const auto planned = boats.schema({"plan"});
    BOOST_TEST(planned.status == 0, planned.output);
}

BOOST_AUTO_TEST_CASE(a_column_is_dropped_only_by_name) {
    Boats boats;
    boats.start("a = { type = \"integer\" }\nb = { type = \"integer\" }\n", "(a, b) VALUES (1, 2)");
    boats.fields("a = { type = \"integer\" }\n");
    boats.apply();
    BOOST_TEST(boats.value("SELECT b FROM boats") == "2");
    BOOST_TEST(!boats.refuses("INSERT INTO boats (a) VALUES (3)"));
    const auto checked = boats.schema({"check"});
    BOOST_TEST(checked.output.contains("advice: tables: boats.b"), checked.output);
    boats.apply({"boats.b"});
    BOOST_TEST(boats.refuses("SELECT b FROM boats"));
    boats.forget("boats");
    boats.describe("crews", crew + "a = { type = \"integer\" }\n");
    boats.apply();
    BOOST_TEST(boats.value("SELECT count(*) FROM boats") == "2");
    boats.apply({"boats"});
    BOOST_TEST(boats.refuses("SELECT FROM boats"));
}

BOOST_AUTO_TEST_CASE(a_field_of_a_filled_table_becomes_unique_and_not_again) {
    Boats boats;
    boats.start("a = { type = \"text\" }\n", "(a) VALUES ('x'), ('y'), ('x')");
    boats.fields("a = { type = \"text\", unique = true }\n");
    boats.expect_problem({"boats.a", "2 rows", "1, 3"});
    boats.database().query("UPDATE boats SET a = 'z' WHERE id = 3");
    boats.apply();
    BOOST_TEST(boats.refuses("INSERT INTO boats (a) VALUES ('x')"));
    BOOST_TEST(boats.value("SELECT relreplident FROM pg_class WHERE oid = 'boats'::regclass") ==
               "f");
    boats.fields("a = { type = \"text\" }\n");
    boats.apply();
    BOOST_TEST(!boats.refuses("INSERT INTO boats (a) VALUES ('x')"));
}

BOOST_AUTO_TEST_CASE(types_are_widened_where_that_writes_no_row_anew) {
    Boats boats;
    boats.database().query(
        "CREATE TABLE public.boats (id serial PRIMARY KEY, a varchar(5) NOT NULL UNIQUE,"
        " b numeric(5,2) NOT NULL, c integer NOT NULL)");
    boats.database().query("INSERT INTO boats (a, b, c) VALUES ('abc', 1.50, 3)");
    const std::string before = boats.value("SELECT pg_relation_filenode('boats')");
    boats.fields(
        "a = { type = \"text\", max = 9, unique = true }\nb = { type = \"decimal\" }\n"
        "c = { type = \"integer\", min = -2147483648, max = 2147483647 }\n");
    boats.apply();
    BOOST_TEST(boats.value("SELECT pg_relation_filenode('boats')") == before);
    boats.fields(
        "a = { type = \"text\", max = 9, unique = true }\nb = { type = \"decimal\" }\n"
        "c = { type = \"integer\" }\n");
    boats.apply();  // the table is small
    BOOST_TEST(boats.value("SELECT a || b || c FROM boats") == "abc1.503");
    boats.fields(
        "a = { type = \"text\", max = 9, unique = true }\nb = { type = \"text\" }\n"
        "c = { type = \"integer\" }\n");
    boats.expect_problem({"boats.b", "numeric", "b_2", "--drop boats.b"});
}

BOOST_AUTO_TEST_CASE(the_steps_that_are_told_lead_to_another_type) {
    Boats boats;
    boats.start("b = { type = \"integer\" }\n", "(b) VALUES (1), (2)");
    boats.fields("b = { type = \"text\" }\n");
    const std::string told = boats.schema({"plan"}).output;
    const auto between = [&](const std::string& from, const std::string& to) {
        const auto begin = told.find(from) + from.size();
        return told.substr(begin, told.find(to, begin) - begin);
    };
    boats.run_sql(between("1. Run: ", " 2. In the field"));
    const auto insert = [&](const std::string& column, const std::string& value) {
        boats.database().query("INSERT INTO boats (" + column + ") VALUES (" + value + ')');
    };
    insert("b", "3");  // as an old worker does
    boats.fields("b = { type = \"text\", column = \"b_2\", fill = '" + between("fill = '", "'") +
                 "' }\n");
    boats.apply();
    insert("b_2", "'4'");  // as a new one does
    boats.database().query("UPDATE boats SET b_2 = '11' WHERE id = 1");
    boats.database().query("UPDATE boats SET b = 12 WHERE id = 2");
    const std::string both = "SELECT string_agg(b || '=' || b_2, ' ' ORDER BY id) FROM boats";
    BOOST_TEST(boats.value(both) == "11=11 12=12 3=3 4=4");
    boats.run_sql(between("3. Run: ", " then apply"));
    boats.apply({"boats.b"});
    BOOST_TEST(boats.value("SELECT string_agg(b_2, ' ' ORDER BY id) FROM boats") == "11 12 3 4");
}

BOOST_AUTO_TEST_CASE(references_refuse_until_all_workers_know_them) {
    Boats boats;
    boats.start("a = { type = \"integer\" }\n", "(a) VALUES (1)");
    const auto crews = [](const std::string& on_delete) {
        return crew +
               std::string("boat = { type = \"reference\", to = \"boats\", optional = true") +
               on_delete + " }\n";
    };
    const auto action = [&] {
        return boats.value(
            "SELECT confdeltype FROM pg_constraint WHERE conrelid ="
            " 'crews'::regclass AND contype = 'f'");
    };
    boats.describe("crews", crews(", on_delete = \"cascade\""));
    const auto changes = boats.write();
    BOOST_REQUIRE(changes.size() == 2U);
    BOOST_TEST(boats.script("deploy", changes[0]).status == 0);
    BOOST_TEST(action() == "a");
    BOOST_TEST(boats.script("deploy", changes[1]).status == 0);
    BOOST_TEST(action() == "c");
    BOOST_TEST(boats.schema({"plan"}).status == 0);
    boats.describe("crews", crews(", on_delete = \"clear\""));
    const auto other = boats.write();
    BOOST_TEST(boats.script("deploy", other[0]).status == 0);
    BOOST_TEST(action() == "a");
    BOOST_TEST(boats.script("deploy", other[1]).status == 0);
    BOOST_TEST(action() == "n");
    for (auto change = other.rbegin(); change != other.rend(); ++change) {
        BOOST_TEST(boats.script("revert", *change).status == 0);
    }
    BOOST_TEST(action() == "c");
    boats.describe("crews", crews(""));
    boats.apply();
    BOOST_TEST(action() == "a");
}

BOOST_AUTO_TEST_CASE(a_foreign_key_of_several_columns_refuses_what_no_reference_says) {
    Boats boats;
    boats.start("a = { type = \"integer\" }\nb = { type = \"integer\" }\n", "(a, b) VALUES (1, 2)");
    boats.describe("crews", crew + "x = { type = \"integer\" }\ny = { type = \"integer\" }\n");
    boats.apply();
    boats.run_sql(
        "ALTER TABLE boats ADD CONSTRAINT \"a b\" UNIQUE (a, b);"
        " ALTER TABLE crews ADD CONSTRAINT \"x y\" FOREIGN KEY (y, x) REFERENCES boats (b, a)"
        " ON DELETE CASCADE; INSERT INTO crews (x, y) VALUES (1, 2)");
    const auto planned = boats.schema({"plan"});
    BOOST_TEST(planned.status == 2, planned.output);
    const auto changes = boats.write();
    BOOST_REQUIRE(changes.size() == 1U);
    BOOST_TEST(is_expand(changes[0]));
    const auto definition = [&] {
        return boats.value(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'x y'");
    };
    BOOST_TEST(boats.script("deploy", changes[0]).status == 0);
    BOOST_TEST(definition() == "FOREIGN KEY (y, x) REFERENCES boats(b, a)");
    BOOST_TEST(boats.script("verify", changes[0]).status == 0);
    BOOST_TEST(boats.schema({"plan"}).status == 0);
    BOOST_TEST(boats.script("revert", changes[0]).status == 0);
    BOOST_TEST(definition() == "FOREIGN KEY (y, x) REFERENCES boats(b, a) ON DELETE CASCADE");
}

BOOST_AUTO_TEST_CASE(tables_that_refer_to_each_other_are_dropped_together) {
    Boats boats;
    boats.describe("crews", crew + "boat = { type = \"reference\", to = \"boats\" }\n");
    boats.start("crew = { type = \"reference\", to = \"crews\", optional = true }\n");
    boats.forget("crews");
    boats.forget("boats");
    boats.describe("others",
                   "title = \"Other\"\nid = \"uuid\"\n[fields]\na = { type = \"date\" }\n");
    boats.apply({"boats", "crews"});
    BOOST_TEST(boats.refuses("SELECT FROM boats"));
    BOOST_TEST(boats.refuses("SELECT FROM crews"));
    boats.database().query("DROP TABLE others");
}

BOOST_AUTO_TEST_CASE(a_reference_to_what_is_not_there_is_named) {
    Boats boats;
    boats.describe("crews", crew + "boat = { type = \"integer\" }\n");
    boats.start("a = { type = \"integer\" }\n", "(a) VALUES (1)");
    boats.database().query(
        "INSERT INTO crews (id, boat) VALUES (gen_random_uuid(), 1),"
        " ('6f1d2c3b-4a59-4e68-8b77-90a1b2c3d4e5', 99)");
    boats.describe("crews", crew + "boat = { type = \"reference\", to = \"boats\" }\n");
    boats.expect_problem({"crews.boat", "1 row", "6f1d2c3b"});
    boats.database().query("DELETE FROM crews WHERE boat = 99");
    boats.apply();
    BOOST_TEST(boats.refuses("INSERT INTO crews (boat) VALUES (99)"));
}

BOOST_AUTO_TEST_CASE(a_filled_table_gets_a_reference_also_to_itself) {
    Boats boats;
    boats.describe("crews", crew + "name = { type = \"text\" }\n");
    boats.start("a = { type = \"integer\" }\n", "(a) VALUES (1), (2)");
    boats.database().query("INSERT INTO crews (name) VALUES ('x')");
    boats.describe("crews", crew +
                                "name = { type = \"text\" }\n"
                                "boat = { type = \"reference\", to = \"boats\", optional = true }\n"
                                "first = { type = \"reference\", to = \"boats\","
                                " fill = \"(SELECT min(id) FROM boats)\" }\n");
    boats.fields(
        "a = { type = \"integer\" }\n"
        "b = { type = \"reference\", to = \"boats\", optional = true }\n");
    boats.apply();
    BOOST_TEST(boats.value("SELECT first FROM crews") == "1");
    BOOST_TEST(boats.refuses("UPDATE boats SET b = 99"));
    boats.database().query("ALTER TABLE boats DROP CONSTRAINT boats_b_fkey");
    boats.database().query("UPDATE boats SET b = a + 1");
    boats.expect_problem({"boats.b", "1 row", "id 2"});
    boats.database().query("UPDATE boats SET b = 1");
    boats.apply();
}

BOOST_AUTO_TEST_CASE(what_is_wrong_has_the_exit_status_1) {
    Boats boats;
    boats.fields("a = { type = \"txt\" }\n");
    const auto broken = boats.schema({"plan"});
    BOOST_TEST(broken.status == 1);
    BOOST_TEST(broken.output.contains("boats.toml:4:"), broken.output);
    boats.fields("a = { type = \"text\" }\n");
    const auto nowhere = run({program_directory() / "larder-schema", "plan"},
                             {{"DATABASE_URL", "postgresql:///larder?host=/nowhere"},
                              {"RESOURCES_DIR", boats.directory() / "resources"}});
    BOOST_TEST(nowhere.status == 1, nowhere.output);
    for (const std::string drop : {"boats.none", "none", "employees.name"}) {
        BOOST_TEST(boats.schema({"plan", "--drop", drop}).status == 1, drop);
    }
    BOOST_TEST(boats.schema({"plan"}).status == 2);
}
