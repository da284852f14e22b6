#include "catalog/description.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "catalog/names.hpp"
#include "catalog/syntax.hpp"

using namespace larder;

namespace {

const std::string head = "title = \"Boat\"\nid = \"uuid\"\n";

/// The mistakes of a text, one a line; empty: there are none.
std::string mistakes_of(const std::string& text) {
    const auto description = read_description("boats", text);
    if (description) return {};
    BOOST_TEST(!description.error().empty());
    std::string lines;
    for (Mistake mistake : description.error()) {
        BOOST_TEST(mistake.at.line >= 1U);
        BOOST_TEST(mistake.at.column >= 1U);
        BOOST_TEST(!mistake.text.empty());
        BOOST_TEST(mistake.text.find('\n') == std::string::npos);
        mistake.file = "boats.toml";
        lines += mistake.message() + '\n';
    }
    return lines;
}

/// Text after `head`, so that its first line is the third: one mistake, there, with these words.
void refused(const std::string& text, const std::string& place,
             std::initializer_list<std::string> words) {
    BOOST_TEST_CONTEXT(text) {
        const std::string lines = mistakes_of(head + text);
        BOOST_TEST(std::ranges::count(lines, '\n') == 1, lines);
        BOOST_TEST(lines.starts_with("boats.toml:" + place + ": "), lines);
        for (const auto& word : words) BOOST_TEST(lines.contains(word), lines);
    }
}

Resource accepted(const std::string& text) {
    const auto description = read_description("boats", head + text);
    BOOST_REQUIRE_MESSAGE(description, mistakes_of(head + text));
    return description->resource;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(description)

BOOST_AUTO_TEST_CASE(a_whole_description_is_read) {
    const Resource boats = accepted(R"toml(
page = "all"
primed = true
lifetime = "items"
envelope = { record = "boat", list = "boats" }
deleted = '{"ok": true}'

[fields]
sign = { type = "text", min = 2, max = 8, alphabet = "identifier", unique = true, example = "S-1" }
length = { type = "decimal", min = "-0.5", max = "99.99", scale = 2, digits = 2, example = "24.90" }
berths = { type = "integer", min = -2, max = 12, optional = true, column = "Kojen \"neu\"" }
any = { type = "integer", meaning = "Anything." }

[lists.long]
where = "length > 20"
from = "(SELECT * FROM boats)"
order = ["-length", "id"]
meaning = "The long ones."
)toml");
    BOOST_TEST(boats.name == "boats");
    BOOST_TEST(boats.title == "Boat");
    BOOST_TEST((boats.id == IdType::uuid));
    BOOST_TEST(boats.primed);
    BOOST_TEST((boats.lifetime == Lifetime::items));
    BOOST_TEST(boats.envelope.record == "boat");
    BOOST_TEST(boats.envelope.list == "boats");
    BOOST_TEST(boats.deleted == R"({"ok": true})");
    BOOST_REQUIRE(boats.fields.size() == 4U);
    const Field& sign = boats.fields[0];
    BOOST_TEST(sign.name == "sign");
    BOOST_TEST(sign.required);
    BOOST_TEST(sign.unique);
    BOOST_TEST(sign.example == R"("S-1")");
    BOOST_TEST(std::get<Text>(sign.type).shortest == 2U);
    BOOST_TEST(std::get<Text>(sign.type).longest == 8U);
    BOOST_TEST((std::get<Text>(sign.type).alphabet == Alphabet::identifier));
    const auto& length = std::get<Decimal>(boats.fields[1].type);
    BOOST_TEST(length.least == "-0.5");
    BOOST_TEST(length.most == "99.99");
    BOOST_TEST(length.scale.value() == 2);
    BOOST_TEST(length.digits.value() == 2);
    BOOST_TEST(boats.fields[1].example == "24.90");
    BOOST_TEST(!boats.fields[2].required);
    BOOST_TEST(boats.fields[2].column_name() == "Kojen \"neu\"");
    BOOST_TEST(boats.fields[3].meaning == "Anything.");
    BOOST_TEST(boats.fields[3].column_name() == "any");
    BOOST_REQUIRE(boats.lists.size() == 2U);
    BOOST_TEST(boats.lists[0].path.empty());
    BOOST_TEST(boats.lists[1].path == "long");
    BOOST_TEST(boats.lists[1].order.size() == 2U);
}

BOOST_AUTO_TEST_CASE(what_is_not_said_has_a_default) {
    const Resource boats = accepted("");
    BOOST_TEST(boats.is_document());
    BOOST_TEST(!boats.is_wrapped());
    BOOST_TEST(!boats.primed);
    BOOST_TEST((boats.lifetime == Lifetime::records));
    BOOST_TEST(boats.deleted.empty());
    BOOST_TEST(boats.lists.size() == 1U);
}

BOOST_AUTO_TEST_CASE(fields_and_lists_keep_the_order_of_the_text) {
    const Resource boats = accepted(R"(
[lists.z]
[lists.a]
[fields.m]
type = "text"
[fields]
z = { type = "text" }
a.type = "text"
b = { type = "text" })");
    std::string order;
    for (const Field& field : boats.fields) order += field.name;
    for (const List& list : boats.lists) order += list.path;
    BOOST_TEST(order == "mzabza");
}

BOOST_AUTO_TEST_CASE(a_table_of_another_name_that_takes_no_new_records) {
    const auto read = [](const std::string& text) {
        const auto description = read_description("boats", text);
        BOOST_REQUIRE_MESSAGE(description, mistakes_of(text));
        return description->resource;
    };
    const Resource boats = read(R"toml(title = "Boat"
id = { type = "integer", column = "boat ID" }
table = "Boats"
schema = "sales"
create = false
[fields]
ID = { type = "text", column = "id" }
tags = { type = "other", read_only = true, optional = true }
at = { type = "date", database_default = true }
)toml");
    BOOST_TEST((boats.id == IdType::integer));
    BOOST_TEST(boats.id_column == "boat ID");
    BOOST_TEST(boats.sql_table() == R"("sales"."Boats")");
    BOOST_TEST(!boats.can_create);
    BOOST_TEST(boats.can_change);
    BOOST_TEST(boats.fields.at(2).database_default);
    const Resource seen = read(
        "title = \"Boat\"\nid = { type = \"uuid\", generate = true }\n"
        "read_only = true\n");
    BOOST_TEST(seen.generates_id);
    BOOST_TEST(seen.id_column == "id");
    BOOST_TEST(seen.sql_table() == R"(public."boats")");
    BOOST_TEST(!seen.can_create);
    BOOST_TEST(!seen.can_change);
    const auto one = [](const std::string& id, std::initializer_list<std::string> words) {
        const std::string lines = mistakes_of("title = \"Boat\"\nid = " + id);
        BOOST_TEST(std::ranges::count(lines, '\n') == 1, lines);
        for (const auto& word : words) BOOST_TEST(lines.contains(word), lines);
    };
    one("{ column = \"a\" }", {":2:6: ", "the id has no type"});
    one("{ type = \"text\" }", {":2:15: ", "`integer` or `uuid`"});
    one("{ type = \"integer\", generate = true }", {":2:37: ", "of the type `uuid`"});
    one("{ type = \"uuid\", colum = \"a\" }", {":2:23: ", "did you mean `column`?"});
    one("{ type = \"uuid\", column = \"ctid\" }", {":2:32: ", "system column"});
    one("{ type = \"uuid\", column = \"a\" }\n[fields]\na = { type = \"text\" }",
        {":4:1: ", "holds the id"});
    refused("table = \"\"", "3:9", {"must have 1 to 63 bytes"});
    refused("schema = \"pg_catalog\"", "3:10", {"choose another schema"});
    refused("schema = \"larder\"", "3:10", {"choose another schema"});
    refused("read_only = true\ndeleted = \"{}\"", "4:11", {"nothing is deleted"});
    refused("[fields]\na = { type = \"date\", database_default = true, default = \"2026-11-28\" }",
            "4:57", {"leave one of them out"});
    refused("[fields]\na = { type = \"date\", database_default = true, read_only = true }", "4:41",
            {"`database_default` is not for a field with read_only"});
}

BOOST_AUTO_TEST_CASE(fields_have_indexes_together) {
    const std::string fields =
        "\n[fields]\nsign = { type = \"text\" }\nlength = { type = \"float\" }\n"
        "log = { type = \"json\" }";
    const Resource boats =
        accepted(R"(indexes = [["sign", "length"], ["length", "sign"]])" + fields);
    const std::vector<std::vector<std::string>> wanted = {{"sign", "length"}, {"length", "sign"}};
    BOOST_TEST((boats.indexes == wanted));
    refused("indexes = true" + fields, "3:11", {"`indexes`"});
    refused(R"(indexes = ["sign"])" + fields, "3:12", {"list of 2 to 8", R"([["customer")"});
    refused(R"(indexes = [["sign"]])" + fields, "3:12", {"list of 2 to 8"});
    refused(R"(indexes = [["sign", "lenght"]])" + fields, "3:21", {"did you mean `length`?"});
    refused(R"(indexes = [["sign", "id"]])" + fields, "3:21", {"leave it out"});
    refused(R"(indexes = [["sign", "log"]])" + fields, "3:21", {"no order"});
    refused(R"(indexes = [["sign", "sign"]])" + fields, "3:21", {"twice"});
    refused(R"(indexes = [["sign", 1]])" + fields, "3:21", {"in quotes"});
    refused(R"(indexes = [["sign", "length"], ["sign", "length"]])" + fields, "3:32",
            {"same one twice"});
}

BOOST_AUTO_TEST_CASE(every_mistake_is_found_in_one_go) {
    const std::string lines = mistakes_of(R"(titel = "Boat"
id = 7
[fields]
sign = { type = "text", min = 9, max = 8, optinal = true }
length = { type = "decimal", unique = true }
[lists.long]
order = ["lenght"])");
    for (const auto* line :
         {"boats.toml:1:1: `titel` is not a known key; did you mean `title`?\n",
          "boats.toml:1:1: there is no title; add what one record is called, such as title ="
          " \"Invoice\"\n",
          "boats.toml:2:6: `id` is a whole number; write a string, in quotes\n",
          "boats.toml:4:31: `min` is 9 and `max` is 8, so no value fits; let `min` be at most"
          " `max`\n",
          "boats.toml:4:43: `optinal` is not a known key; did you mean `optional`?\n",
          "boats.toml:5:39: `unique` is not for the type `decimal`",
          "boats.toml:7:10: `order` has `lenght`, which is no field; name `id` or a field, with -"
          " for falling\n"}) {
        BOOST_TEST(lines.contains(line), lines);
    }
    BOOST_TEST(std::ranges::count(lines, '\n') == 7);
}

BOOST_AUTO_TEST_CASE(a_page_has_a_usual_and_a_largest_size) {
    const auto page = [](const std::string& text) {
        const PageSize read = accepted(text).page;
        return std::pair(read.usual, read.most);
    };
    BOOST_TEST((page("") == std::pair(0, longest_list)));
    BOOST_TEST((page("page = \"all\"") == std::pair(0, longest_list)));
    BOOST_TEST((page("page = { default = 20, max = 50 }") == std::pair(20, 50)));
    BOOST_TEST((page("page = { max = 50 }") == std::pair(50, 50)));
    BOOST_TEST((page("page = { default = 20 }") == std::pair(20, 1000)));
}

BOOST_AUTO_TEST_CASE(rights_are_roles_for_each_action) {
    const Rights none = accepted("").rights;
    BOOST_TEST((none.read.empty() && none.create.empty() && none.change.empty()));
    const Rights rights = accepted(R"([rights]
read = ["clerk", "auditor"]
change = []
delete = ["anyone"]
)")
                              .rights;
    BOOST_TEST(rights.read == (std::vector<std::string>{"auditor", "clerk"}),
               boost::test_tools::per_element());
    BOOST_TEST(rights.create.empty());
    BOOST_TEST(rights.change.empty());
    BOOST_TEST(rights.remove == (std::vector<std::string>{"anyone"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_mistake_names_its_place_and_what_would_be_right) {
    refused("primed = \"yes\"", "3:10", {"a string", "true or false"});
    refused("prime = true", "3:1", {"did you mean `primed`?"});
    refused("colour = true", "3:1", {"known here", "`lifetime`"});
    refused("lifetime = \"item\"", "3:12", {"`records` or `items`", "did you mean `items`?"});
    refused("page = 100", "3:8", {"\"all\"", "default = 100"});
    refused("page = \"al\"", "3:8", {"\"all\""});
    refused("page = { default = 100, most = 1000 }", "3:25", {"`most`", "`max`"});
    refused("page = { default = 0 }", "3:20", {"1 to 1000000"});
    refused("page = { default = 20, max = 10 }", "3:20", {"at most `max`"});
    refused("rights = [\"clerk\"]", "3:10", {"a table"});
    refused("[rights]\nreed = [\"clerk\"]", "4:1", {"did you mean `read`?"});
    refused("[rights]\nread = \"clerk\"", "4:8", {"an array"});
    refused("[rights]\nread = [1]", "4:9", {"names of roles"});
    refused("[rights]\nread = [\"a b\"]", "4:9", {"`a b`", "is no role", "`anyone`"});
    refused("[rights]\nread = [\"admin\"]", "4:9", {"may do everything anyway", "leave it out"});
    refused("[rights]\nread = [\"a\", \"a\"]", "4:14", {"twice"});
    refused("[rights]\nread = [\"a\", \"anyone\"]", "4:8", {"write `read = [\"anyone\"]`"});
    refused("create = false\n[rights]\ncreate = [\"a\"]", "5:10",
            {"never asked for", "create = false"});
    refused("read_only = true\n[rights]\ndelete = [\"a\"]", "5:10", {"read_only = true"});
    refused("deleted = \"gone\"", "3:11", {"no JSON", "'{\"ok\": true}'"});
    refused("envelope = { record = \"boat\" }", "3:12", {"`list`"});
    refused("envelope = { record = \"cached\", list = \"boats\" }", "3:23", {"`cached`"});
    refused("[fields]", "3:1", {"there are no fields"});
    refused("fields = 3", "3:10", {"a table"});
    refused("[fields]\nsign = \"text\"", "4:8", {"{ type = \"text\" }"});
    refused("[fields]\nsign = { min = 1 }", "4:8", {"no type"});
    refused("[fields]\nsign = { type = \"txet\" }", "4:17", {"did you mean `text`?"});
    refused("[fields]\nsign = { type = \"text\", required = true }", "4:36", {"optional = true"});
    refused("[fields]\nsign = { type = \"text\", min = -1 }", "4:31", {"under 0"});
    refused("[fields]\nsign = { type = \"text\", min = \"1\" }", "4:31", {"whole number"});
    refused("[fields]\nsign = { type = \"text\", scale = 1 }", "4:25", {"`scale`", "known here"});
    refused("[fields]\nsign = { type = \"text\", filter = 1 }", "4:34", {"true or false"});
    refused("[fields]\ncount = { type = \"integer\", filter = true }", "4:38",
            {"parameter of every list", "column = \"count\""});
    refused("[fields]\nlog = { type = \"json\", sort = true }", "4:31",
            {"not for the type `json`"});
    refused("[fields]\nlength = { type = \"float\", search = true }", "4:37", {"`float`"});
    refused("[fields]\nsign = { type = \"text\", alphabet = \"latin\" }", "4:36", {"identifier"});
    refused("[fields]\nsign = { type = \"text\", fill = \"a; DROP\" }", "4:32", {"no semicolon"});
    refused("[fields]\nsign = { type = \"text\", fill = \"$1\" }", "4:32", {"no $"});
    refused("[fields]\nsign = { type = \"text\", optional = true, fill = \"a\" }", "4:49",
            {"optional = true", "leave it out"});
    BOOST_TEST(
        accepted("[fields]\nsign = { type = \"text\", fill = \"now()::text\" }").fields[0].fill ==
        "now()::text");
    refused("[fields]\nlength = { type = \"decimal\", min = 0.1 }", "4:36",
            {"exactly", "\"24.90\""});
    refused("[fields]\nlength = { type = \"decimal\", min = \"low\" }", "4:36", {"number"});
    refused("[fields]\nlength = { type = \"decimal\", min = \"2\", max = \"1.99\" }", "4:36",
            {"no value fits"});
    refused("[fields]\nlength = { type = \"decimal\", scale = 2000 }", "4:38", {"0 to 1000"});
    refused("[fields]\nlength = { type = \"decimal\", digits = 0 }", "4:39", {"1 to 1000"});
    refused("[fields]\nlength = { type = \"decimal\", max = \"9\", example = \"9.1\" }", "4:51",
            {"`example` breaks the rules of its own field; it must be 9 or less"});
    refused("[fields]\nsign = { type = \"text\", max = 2, example = \"abc\" }", "4:44", {"breaks"});
    refused("[fields]\nsign = { type = \"text\", example = \"\\u0000\" }", "4:35", {"NUL"});
    refused("[fields]\nid = { type = \"text\" }", "4:1", {"given by the server"});
    refused("[fields]\n\"\\\"; DROP\" = { type = \"text\" }", "4:1", {"must have A-Z"});
    refused("[fields]\n" + std::string(64, 'n') + " = { type = \"text\" }", "4:1", {"63"});
    refused("[fields]\nsign = { type = \"text\", column = \"" + std::string(64, 'n') + "\" }",
            "4:34", {"63 bytes"});
    refused("[fields]\nsign = { type = \"text\", column = \"xmin\" }", "4:34", {"system column"});
    refused("[fields]\nsign = { type = \"text\", column = \"id\" }", "4:34", {"id of the record"});
    refused("[fields]\nsign = { type = \"text\" }\nmark = { type = \"text\", column = \"sign\" }",
            "5:1", {"`sign` and `mark` have the same column"});
    refused("[lists.7]", "3:8", {"no look of an id"});
    refused("[lists.\"a/b\"]", "3:8", {"`a/b`"});
    refused("[lists]\nlong = 1", "4:8", {"[lists.long]"});
    refused("[lists.long]\nwhere = \"a; DROP TABLE b\"", "4:9", {"no semicolon"});
    refused("[lists.long]\nwhere = \"true) OR (true\"", "4:9", {});
    refused("[lists.long]\nwhere = \"a > 1 -- more\"", "4:9", {"comment"});
    refused("[lists.long]\nwhere = \"a = 'b\"", "4:9", {"not closed"});
    refused("[lists.long]\nwhere = \"due < CURRENT_DATE\"", "4:9", {"clock"});
    refused("[lists.long]\nwhere = \"due < 'today'\"", "4:9", {"clock"});
    refused("[lists.long]\nwhere = \"id IN (SELECT id FROM b)\"", "4:9", {"read a table"});
    refused("[lists.long]\nmax_age = 5", "4:1", {"not served"});
    refused("[lists.long]\norder = []", "4:9", {"empty"});
    refused("[lists.long]\norder = \"id\"", "4:9", {"an array"});
    refused("[lists.long]\norder = [\"id\", \"-id\"]", "4:16", {"twice"});
}

BOOST_AUTO_TEST_CASE(every_type_has_its_attributes) {
    const Resource boats = accepted(R"toml([fields]
a = { type = "boolean", default = false }
b = { type = "date", default = "2026-11-28" }
c = { type = "timestamp", default = "2026-11-28T10:30:00+01:00", example = "2026-11-28T09:30:00Z" }
d = { type = "datetime", optional = true }
e = { type = "float", default = 0.25 }
f = { type = "uuid", unique = true }
g = { type = "enum", values = ["x", "y"], unique = true }
h = { type = "json", default = { list = [1, 2.5, "z", true, {}] } }
i = { type = "decimal", default = "1.50" }
j = { type = "integer", read_only = true }
k = { type = "text", default = "a \"b\"" }
)toml");
    const auto fallback = [&](std::size_t field) {
        return boats.fields.at(field).fallback.value();
    };
    BOOST_TEST(fallback(0).stored == "false");
    BOOST_TEST(fallback(1).json == "\"2026-11-28\"");
    BOOST_TEST(fallback(2).stored == "2026-11-28T09:30:00Z");
    BOOST_TEST(fallback(2).json == "\"2026-11-28T09:30:00Z\"");
    BOOST_TEST(fallback(4).stored == "0.25");
    BOOST_TEST(fallback(7).stored == R"({"list": [1, 2.5, "z", true, {}]})");
    BOOST_TEST(fallback(8).stored == "1.50");
    BOOST_TEST(fallback(10).json == R"("a \"b\"")");
    BOOST_TEST(boats.fields.at(9).read_only);
    BOOST_TEST(std::get<Enum>(boats.fields.at(6).type).values.size() == 2U);
    BOOST_TEST(boats.keeps_json());
    for (const std::string type :
         {"decimal", "boolean", "date", "timestamp", "datetime", "float", "json"}) {
        refused("[fields]\na = { type = \"" + type + "\", unique = true }",
                "4:" + std::to_string(27 + type.size()), {"`unique` is not for the type"});
    }
    refused("[fields]\na = { type = \"other\" }", "4:14", {"read_only = true"});
    refused("[fields]\na = { type = \"other\", read_only = true, example = 1 }", "4:51",
            {"`example` is not for the type `other`"});
    refused("[fields]\na = { type = \"enum\" }", "4:5", {"`a` has no values"});
    refused("[fields]\na = { type = \"enum\", values = [] }", "4:31", {"empty"});
    refused("[fields]\na = { type = \"enum\", values = [\"x\", \"x\"] }", "4:37", {"twice"});
    refused("[fields]\na = { type = \"enum\", values = [1] }", "4:32", {"whole number"});
    refused("[fields]\na = { type = \"enum\", values = [\"x\"], default = \"y\" }", "4:48",
            {"`default` breaks", "must be one of x"});
    refused("[fields]\na = { type = \"date\", default = 2026-11-28 }", "4:32", {"as a string"});
    refused("[fields]\na = { type = \"float\", default = nan }", "4:33", {"number"});
    refused("[fields]\na = { type = \"boolean\", default = \"true\" }", "4:35", {"true or false"});
    refused("[fields]\na = { type = \"text\", unique = true, default = \"x\" }", "4:47",
            {"`default` is not for a field with unique"});
    refused("[fields]\na = { type = \"text\", read_only = true, default = \"x\" }", "4:50",
            {"read_only"});
}

BOOST_AUTO_TEST_CASE(names_that_are_words_of_sql_are_usual_names) {
    const Resource boats = accepted(
        "[fields]\nuser = { type = \"text\" }\nOrder = { type = \"text\" }\nselect = { type ="
        " \"text\" }\n[lists.group]\nwhere = '\"Order\" > 1 AND \"now\" = 2'");
    BOOST_TEST(boats.fields.size() == 3U);
}

BOOST_AUTO_TEST_CASE(what_is_no_toml_has_a_place) {
    refused("id = \"uuid\"", "3:6", {"is not TOML"});
    refused("primed = ", "3:10", {"is not TOML"});
    refused("x = \"\xff\"", "3:6", {"not UTF-8"});
    refused("x = \"\xc3\"", "3:6", {"not UTF-8"});
    refused("# \xc3\xa4\xc3\xb6\nx = \"\xc3\xa4\xff\"", "4:7", {"not UTF-8"});
    refused(std::string("x = 1\0", 6), "3:6", {"NUL"});
    BOOST_TEST(mistakes_of("\xff\xfe"
                           "a")
                   .starts_with("boats.toml:1:1: is not UTF-8"));
    BOOST_TEST(!mistakes_of("").empty());
}

BOOST_AUTO_TEST_CASE(nesting_is_bounded_whatever_it_is_made_of) {
    std::string dots = "a";
    for (int i = 0; i < 200000; ++i) dots += ".a";
    for (const std::string& text :
         {dots + " = 1", '[' + dots + ']', "x = {" + dots + " = 1}",
          "x = " + std::string(200000, '['), "x = [\n{" + std::string(100000, '['),
          std::string(300000, '{')}) {
        BOOST_TEST(mistakes_of(text).contains("nested too deeply"));
    }
    accepted("deleted = '\"" + dots + "\"'\n# " + dots);
}

BOOST_AUTO_TEST_CASE(a_name_in_a_message_stays_on_its_line) {
    BOOST_TEST(shown("a\nb\x7f") == "`a?b?`");
    BOOST_TEST(shown(std::string(100, 'x')).size() < 70U);
    std::string umlauts;
    for (int i = 0; i < 50; ++i) umlauts += "\xc3\xa4";
    // No character is cut in two.
    BOOST_TEST(parse_toml("\"" + shown("x" + umlauts) + "\" = 1").has_value());
}

BOOST_AUTO_TEST_CASE(the_nearest_name_is_found) {
    const std::vector<std::string_view> known = {"optional", "unique", "min", "max"};
    BOOST_TEST(nearest("optinal", known) == "optional");
    BOOST_TEST(nearest("uniqeu", known) == "unique");
    BOOST_TEST(nearest("mix", known) == "min");
    BOOST_TEST(nearest("colour", known) == "");
    BOOST_TEST(nearest("", known) == "");
    BOOST_TEST(nearest(std::string(100000, 'x'), known) == "");
}

BOOST_AUTO_TEST_SUITE_END()
