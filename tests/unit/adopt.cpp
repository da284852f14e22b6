#include "admin/adopt.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>

#include "admin/adopt_files.hpp"
#include "admin/adopted_key.hpp"
#include "admin/adopted_names.hpp"
#include "admin/constant_default.hpp"
#include "catalog/description.hpp"
#include "column.hpp"

using namespace larder;
using namespace larder::admin;

namespace {

Column with_default(Column column, const std::string& sql) {
    column.default_sql = sql;
    return column;
}

Table table(const std::string& name, std::vector<Column> columns) {
    Table made{.schema = "public", .name = name, .columns = std::move(columns)};
    made.key = {made.columns.front().name};
    made.is_published = true;
    return made;
}

Column serial(const std::string& name) {
    return with_default(column(name, "integer"), "nextval('s'::regclass)");
}

Adopted one(const Table& table, std::span<const Resource> described = {}) {
    const auto adoption = adopt({&table, 1}, described);
    BOOST_REQUIRE_MESSAGE(adoption.refused.empty(), adoption.refused.front().why);
    return adoption.adopted.at(0);
}

std::string refusal(const Table& table) {
    const auto adoption = adopt({&table, 1}, {});
    BOOST_REQUIRE(adoption.adopted.empty());
    return adoption.refused.at(0).why;
}

void has(const std::string& text, std::initializer_list<std::string> lines) {
    for (const auto& line : lines) {
        BOOST_TEST(("\n" + text).contains("\n" + line + "\n"), line << " in\n" << text);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(adopt_tables)

BOOST_AUTO_TEST_CASE(names_become_those_of_descriptions) {
    AdoptedNames names({});
    BOOST_TEST(names.resource("public", "Order Details") == "order_details");
    BOOST_TEST(names.resource("public", "OrderDetails") == "order_details_2");
    BOOST_TEST(names.resource("sales", "order_details") == "sales_order_details");
    BOOST_TEST(names.resource("public", "user") == "user_records");
    BOOST_TEST(names.resource("public", "größe") == "gr_e");
    BOOST_TEST(names.resource("public", "_1") == "records");
    BOOST_TEST(names.resource("public", std::string(63, 'a')) == std::string(40, 'a'));
    BOOST_TEST(names.resource("public", std::string(62, 'a')) == std::string(38, 'a') + "_2");
    BOOST_TEST(names.title("order_details") == "Order detail");
    BOOST_TEST(names.title("order_detail") == "Order detail 2");
    BOOST_TEST(names.title("categories") == "Category");
    BOOST_TEST(names.title("addresses") == "Address");
    BOOST_TEST(names.title("us_states") == "Us state");
    BOOST_TEST(names.title("status") == "Status");
    BOOST_TEST(field_name("Unit Price", {}) == "Unit_Price");
    BOOST_TEST(field_name("id", {}) == "id_2");
    BOOST_TEST(field_name("a b", {"a_b"}) == "a_b_2");
    BOOST_TEST(field_name("äöü", {}) == "field");
}

BOOST_AUTO_TEST_CASE(constants_become_defaults) {
    const auto of = [](const FieldType& type, const std::string& base, const std::string& sql) {
        return constant_default(type, base, sql).value_or("-");
    };
    BOOST_TEST(of(Integer{}, "smallint", "3") == "3");
    BOOST_TEST(of(Integer{}, "integer", "'-1'::integer") == "-1");
    BOOST_TEST(of(Integer{0, 5}, "integer", "7") == "-");
    BOOST_TEST(of(Decimal{.scale = 2}, "numeric(4,2)", "4.99") == "\"4.99\"");
    BOOST_TEST(of(Decimal{}, "numeric", "(0)::numeric") == "\"0\"");
    BOOST_TEST(of(Boolean{}, "boolean", "true") == "true");
    BOOST_TEST(of(Enum{{"G", "PG"}}, "mpaa_rating", "'G'::mpaa_rating") == "\"G\"");
    BOOST_TEST(of(Text{}, "character varying(5)", "'a\"b'::character varying") == "\"a\\\"b\"");
    BOOST_TEST(of(Text{.longest = 1}, "text", "'ab'::text") == "-");
    BOOST_TEST(of(Date{}, "date", "'2026-11-28'::date") == "\"2026-11-28\"");
    BOOST_TEST(of(Date{}, "date", "CURRENT_DATE") == "-");
    BOOST_TEST(of(Timestamp{}, "timestamp with time zone", "now()") == "-");
    BOOST_TEST(of(Integer{}, "integer", "nextval('x'::regclass)") == "-");
    BOOST_TEST(of(Integer{}, "integer", "(1 + 2)") == "-");
    BOOST_TEST(of(Text{}, "text", "lower('A'::text)") == "-");
    BOOST_TEST(is_null_default("NULL::character varying"));
    BOOST_TEST(!is_null_default("'NULL'::character varying"));
    BOOST_TEST(toml_string("a\n\t\x7F\\\"ä") == "\"a\\n\\u0009\\u007F\\\\\\\"ä\"");
}

BOOST_AUTO_TEST_CASE(a_table_with_names_of_its_own) {
    Table films = table("Films", {serial("filmID"), column("Title", "character varying(255)")});
    films.schema = "rental";
    films.is_published = false;
    films.comment = "What can be\nlent";
    films.columns[1].comment = "In \"English\"";
    films.columns.push_back(column("Unit Price", "numeric(5,2)", false));
    films.columns.push_back(with_default(column("at", "timestamp without time zone"), "now()"));
    films.columns.push_back(with_default(column("rate", "numeric(4,2)"), "4.99"));
    films.columns.push_back(with_default(column("note", "text", false), "NULL::text"));
    const Adopted adopted = one(films);
    BOOST_TEST(adopted.name == "films");
    BOOST_TEST(adopted.text == R"(# The table "rental"."Films".
# What can be lent
title = "Film"
id = { type = "integer", column = "filmID" }
table = "Films"
schema = "rental"

[fields]
Title = { type = "text", max = 255, meaning = "In \"English\"" }
Unit_Price = { type = "decimal", digits = 3, scale = 2, optional = true, column = "Unit Price" }
at = { type = "datetime", database_default = true }
rate = { type = "decimal", digits = 2, scale = 2, default = "4.99" }
note = { type = "text", optional = true }
)");
    BOOST_TEST(
        (adopted.statements ==
         std::vector<std::string>{"ALTER PUBLICATION larder ADD TABLE \"rental\".\"Films\""}));
}

BOOST_AUTO_TEST_CASE(what_a_field_cannot_say_is_read_only_or_told) {
    Table films = table("films", {serial("id"), column("tags", "text[]", false)});
    films.columns.push_back(column("twice", "numeric"));
    films.columns.back().is_generated = true;
    films.columns.push_back(column("number", "bigint"));
    films.columns.back().is_identity = true;
    films.columns.push_back(column("low", "integer", false));
    films.columns.push_back(column("odd", "integer", false));
    films.columns.back().has_unknown_rule = true;
    films.checks = {
        {.name = "a", .expression = "((low % 2) = 0)", .columns = {"low"}},
        {.name = "b", .expression = "(low < odd)", .columns = {"low", "odd"}},
        {.name = "c", .expression = "(low > 0)", .columns = {"low"}, .is_understood = true}};
    films.uniques = {{.name = "u", .columns = {"low", "odd"}}};
    const std::string text = one(films).text;
    has(text,
        {"# tags: a column of the type text[], which is only for reading.",
         "tags = { type = \"other\", read_only = true, optional = true }",
         "twice = { type = \"decimal\", read_only = true }",
         "number = { type = \"integer\", read_only = true }",
         "# low: the database also demands ((low % 2) = 0).",
         "# odd: the domain integer demands more.", "# The database also demands (low < odd).",
         "# The database lets no two records have the same \"low\", \"odd\", and answers 409."});
    BOOST_TEST(!text.contains("(low > 0)"));
    BOOST_TEST(!text.contains("\nread_only"));
}

BOOST_AUTO_TEST_CASE(what_no_client_can_give_makes_a_resource_read_only) {
    Table films = table("films", {serial("id"), column("a", "text"), column("words", "tsvector")});
    const std::string text = one(films).text;
    has(text,
        {"# Read only: a new row needs a value for \"words\", which no client can send and the"
         " database does not give.",
         "read_only = true", "words = { type = \"other\", read_only = true }"});
    BOOST_TEST(!text.contains("trigger"));
    films.has_row_triggers = true;
    BOOST_TEST(one(films).text.contains("If a trigger of the table gives it"));
    films.columns[2].is_filled = true;
    BOOST_TEST(!one(films).text.contains("\nread_only"));
    films.columns[2].is_filled = false;
    films.columns[2].default_sql = "''::tsvector";
    BOOST_TEST(!one(films).text.contains("\nread_only"));
    Table keyless = table("cats", {column("id", "smallint"), column("a", "text")});
    has(one(keyless).text, {"create = false", "id = \"integer\""});
    keyless.columns[0].default_sql = "NULL::smallint";
    has(one(keyless).text, {"create = false"});
    const Table uuids = table("dogs", {column("id", "uuid"), column("a", "text")});
    has(one(uuids).text, {"id = { type = \"uuid\", generate = true }"});
}

BOOST_AUTO_TEST_CASE(unique_where_equal_values_have_one_text) {
    Table films = table("films", {serial("id"), column("code", "text")});
    films.uniques = {{.name = "u", .columns = {"code"}}};
    Adopted adopted = one(films);
    has(adopted.text, {"code = { type = \"text\", unique = true }"});
    BOOST_TEST((adopted.statements ==
                std::vector<std::string>{"ALTER TABLE public.\"films\" REPLICA IDENTITY FULL"}));
    films.is_replica_identity_full = true;
    BOOST_TEST(one(films).statements.empty());
    const auto refused = [&](const std::string& why) {
        const std::string text = one(films).text;
        BOOST_TEST(!text.contains(", unique = true"));
        BOOST_TEST(text.contains("unique in the database, so that a duplicate gets 409; not here"),
                   text);
        BOOST_TEST(text.contains(why), text);
    };
    films.columns[1].has_one_text = false;
    refused("different texts");
    films.columns[1].has_one_text = true;
    films.has_row_triggers = true;
    refused("a trigger");
    films.has_row_triggers = false;
    films.indexes = {{.name = "x", .columns = {"code"}, .is_deferrable = true}};
    refused("DEFERRABLE");
    films.indexes.clear();
    films.columns[1] = column("code", "numeric");
    refused("different texts");
    films.columns[1] = with_default(column("code", "text"), "'a'::text");
    has(one(films).text, {"code = { type = \"text\", unique = true, database_default = true }"});
}

BOOST_AUTO_TEST_CASE(tables_that_cannot_be_described) {
    Table films = table("films", {serial("id"), column("a", "text")});
    films.is_view = true;
    BOOST_TEST(refusal(films).contains("is a view"));
    films.is_view = false;
    films.is_parted = true;
    BOOST_TEST(refusal(films).contains("partitions"));
    films.is_parted = false;
    films.key = {"id", "a"};
    BOOST_TEST(refusal(films).contains("has a key of 2 columns (\"id\", \"a\")"));
    BOOST_TEST(refusal(films).contains("ADD COLUMN record_id bigint GENERATED"));
    films.key = {"a"};
    BOOST_TEST(refusal(films).contains("a key of the type text (\"a\")"));
    films.key = {};
    BOOST_TEST(refusal(films).contains("has no primary key"));
    BOOST_TEST(refusal(table("films", {serial("id")})).contains("no column but its key"));
    // Another column that finds each record does.
    films.uniques = {{.name = "u", .columns = {"id"}}};
    BOOST_TEST(one(films).statements.at(0) == "ALTER TABLE public.\"films\" REPLICA IDENTITY FULL");
    const std::vector<Resource> described = {
        {.name = "movies", .title = "Movie", .table = "films"}};
    const auto again = adopt({&films, 1}, described);
    BOOST_TEST(again.refused.at(0).why == "is the table of the resource movies already");
}

BOOST_AUTO_TEST_CASE(foreign_keys_become_references) {
    Table makers = table("makers", {serial("maker_id"), column("name", "text")});
    Table films = table("films", {serial("id"), column("maker", "integer", false)});
    films.foreign_keys = {{.name = "fk",
                           .column = "maker",
                           .to_schema = "public",
                           .to_table = "makers",
                           .to_column = "maker_id",
                           .on_delete = admin::OnDelete::set_null}};
    const auto line = [&](const std::vector<Table>& tables) {
        const auto adoption = adopt(tables, {});
        BOOST_TEST(adoption.refused.empty());
        const std::string& text = adoption.adopted.at(0).text;
        return text.substr(text.find("\nmaker = ") + 1);
    };
    BOOST_TEST(line({films, makers}) ==
               "maker = { type = \"reference\", to = \"makers\", on_delete = \"clear\", optional ="
               " true }\n");
    films.foreign_keys[0].on_delete = admin::OnDelete::cascade;
    BOOST_TEST(
        line({films, makers}) ==
        "maker = { type = \"reference\", to = \"makers\", on_delete = \"cascade\", optional ="
        " true }\n");
    films.foreign_keys[0].on_delete = admin::OnDelete::restrict;
    BOOST_TEST(line({films, makers}) ==
               "maker = { type = \"reference\", to = \"makers\", optional = true }\n");
    // What cannot be said goes out of the database.
    films.foreign_keys[0].on_delete = admin::OnDelete::set_default;
    const auto adoption = adopt(std::vector{films, makers}, {});
    BOOST_TEST(adoption.adopted.at(0).statements.at(0) ==
               "ALTER TABLE public.\"films\" DROP CONSTRAINT \"fk\", ADD CONSTRAINT \"fk\" FOREIGN"
               " KEY (\"maker\") REFERENCES \"public\".\"makers\" (\"maker_id\")");
    // A table that has no description is none of the caches' concern.
    BOOST_TEST(line({films}).starts_with("maker = { type = \"integer\""));
    BOOST_TEST(one(films).statements.empty());
    const std::vector<Resource> described = {
        {.name = "studios", .title = "Studio", .table = "makers", .id_column = "maker_id"}};
    has(one(films, described).text,
        {"maker = { type = \"reference\", to = \"studios\", optional = true }"});
}

BOOST_AUTO_TEST_CASE(a_foreign_key_of_several_columns_is_told) {
    Table makers = table("makers", {serial("maker_id"), column("name", "text")});
    Table films =
        table("films", {serial("id"), column("maker", "integer"), column("year", "integer")});
    films.wide_foreign_keys = {{.name = "fk",
                                .columns = {"maker", "year"},
                                .to_schema = "public",
                                .to_table = "makers",
                                .to_columns = {"maker_id", "Year"},
                                .on_delete = admin::OnDelete::cascade}};
    const auto adoption = adopt(std::vector{films, makers}, {});
    has(adoption.adopted.at(0).text,
        {"# The columns \"maker\", \"year\" together refer to public.\"makers\" (\"maker_id\","
         " \"Year\"), which no field can say: the database answers 422 where there is no such "
         "row."});
    BOOST_TEST(adoption.adopted.at(0).statements.at(0) ==
               "ALTER TABLE public.\"films\" DROP CONSTRAINT \"fk\", ADD CONSTRAINT \"fk\" FOREIGN"
               " KEY (\"maker\", \"year\") REFERENCES public.\"makers\" (\"maker_id\", \"Year\")");
    films.wide_foreign_keys[0].on_delete = admin::OnDelete::restrict;
    BOOST_TEST(one(films).statements.empty());
}

BOOST_AUTO_TEST_CASE(a_circle_of_cascades_is_broken) {
    Table staff = table("staff", {serial("id"), column("boss", "integer", false)});
    staff.foreign_keys = {{.name = "fk",
                           .column = "boss",
                           .to_schema = "public",
                           .to_table = "staff",
                           .to_column = "id",
                           .on_delete = admin::OnDelete::cascade}};
    const Adopted adopted = one(staff);
    has(adopted.text, {"boss = { type = \"reference\", to = \"staff\", optional = true }"});
    BOOST_TEST(adopted.statements.at(0).starts_with(
        "ALTER TABLE public.\"staff\" DROP CONSTRAINT \"fk\", ADD CONSTRAINT"));
}

BOOST_AUTO_TEST_CASE(words_name_tables) {
    const std::vector<TableName> all = {{"public", "film"}, {"public", "a.b"}, {"sales", "film"},
                                        {"sales", "Order"}, {"x", "twice"},    {"y", "twice"}};
    const auto chosen = [&](const std::vector<std::string>& words) {
        const auto found = chosen_tables(all, words);
        std::string text;
        if (!found) return found.error().at(0);
        for (const auto& [schema, name] : *found) text += schema + ':' + name + ' ';
        return text;
    };
    BOOST_TEST(chosen({"film"}) == "public:film ");
    BOOST_TEST(chosen({"sales.film", "film", "film"}) == "sales:film public:film ");
    BOOST_TEST(chosen({"a.b"}) == "public:a.b ");
    BOOST_TEST(chosen({"sales.*"}) == "sales:film sales:Order ");
    BOOST_TEST(chosen({"Order"}) == "sales:Order ");
    BOOST_TEST(chosen({"twice"}) ==
               "2 schemas have a table `twice`; write the schema too, such as x.twice");
    BOOST_TEST(chosen({"flm"}) == "the database has no table `flm`; did you mean `film`?");
    BOOST_TEST(chosen({"\"film\" "}).contains("with no quotes") ==
               !chosen({"\"film\" "}).contains("did you mean"));
}

BOOST_AUTO_TEST_CASE(what_the_role_may_not_do_is_told) {
    Table films = table("films", {serial("id"), column("a", "text")});
    films.is_published = false;
    auto adoption = adopt({&films, 1}, {});
    BOOST_TEST((notes_on(adoption, "larder") ==
                std::vector<std::string>{"to do: ALTER PUBLICATION larder ADD TABLE"
                                         " public.\"films\";"}));
    films.is_own = false;
    adoption = adopt({&films, 1}, {});
    const auto notes = notes_on(adoption, "larder");
    BOOST_TEST_REQUIRE(notes.size() == 2U);
    BOOST_TEST(notes[0].contains("OWNER TO \"larder\""), notes[0]);
    BOOST_TEST(notes[1] == "to do *: ALTER PUBLICATION larder ADD TABLE public.\"films\";");
}

BOOST_AUTO_TEST_CASE(whatever_names_and_texts_there_are_the_description_is_valid) {
    for (const std::string name :
         {"a\"b", "a\\b", "a\nb", "]", "#", "'", "ä", "a=b", "user", "id "}) {
        Table odd = table(name, {serial(name), column(name + "2", "text"), column("id", "text")});
        odd.schema = name;
        odd.comment = "a\n\"\"\"b";
        odd.columns[1].comment = "\x01\"\\'''";
        odd.columns[1].default_sql = "'it''s \"'::text";
        const Adopted adopted = one(odd);
        const auto description = read_description(adopted.name, adopted.text);
        BOOST_REQUIRE(description);
        const Resource& resource = description->resource;
        BOOST_TEST(resource.table_name() == name);
        BOOST_TEST(resource.schema == name);
        BOOST_TEST(resource.id_column == name);
        BOOST_TEST(resource.fields.at(0).column_name() == name + "2");
        BOOST_TEST(resource.fields.at(0).meaning == odd.columns[1].comment);
        BOOST_TEST(resource.fields.at(0).fallback.value().stored == "it's \"");
    }
}

BOOST_AUTO_TEST_SUITE_END()
