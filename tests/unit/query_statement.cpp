// The SQL of queries: parameters only, and one range of an index for each branch of a page.
#include "query/statement.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "query/parse.hpp"
#include "store/statements.hpp"

using namespace larder;

namespace {

const Resource things{
    .name = "things",
    .title = "Thing",
    .fields = {{.name = "name", .type = Text{}, .filter = true, .sort = true, .search = true},
               {.name = "kind", .type = Enum{{"a", "b"}}, .filter = true, .sort = true},
               {.name = "size", .type = Decimal{}, .required = false, .filter = true, .sort = true},
               {.name = "day", .type = Date{}, .filter = true, .sort = true},
               {.name = "mood", .type = Enum{{"a", "b"}}, .filter = true},
               {.name = "code", .type = Text{}, .unique = true, .filter = true, .sort = true}}};
const Statements statements(things);

struct Sql {
    std::string text;
    std::vector<std::optional<std::string>> values;
};

Sql rest(query::Query query, int limit = 0) {
    query::Values values;
    const auto chosen = query::selection(things, {.from = "r", .where = {}}, query, limit, values);
    return {chosen.with + chosen.rest, values.take()};
}

Sql rest(std::string_view text, query::Position after = {}, int limit = 0) {
    auto query = query::parse(things, things.lists[0], text);
    BOOST_REQUIRE(query);
    if (!after.empty()) query->after = std::move(after);
    return rest(std::move(*query), limit);
}

void expect_where(std::string_view text, const std::string& where,
                  const std::vector<std::optional<std::string>>& values) {
    BOOST_TEST_CONTEXT(text) {
        const Sql sql = rest(text);
        BOOST_TEST(sql.text == " FROM r AS t WHERE " + where + " ORDER BY t.id");
        BOOST_TEST((sql.values == values));
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(query_statement)

BOOST_AUTO_TEST_CASE(conditions) {
    const std::string name = R"(t."name" COLLATE "C")";
    expect_where("name=x", name + " = $1", {"x"});
    expect_where("name=x&name=%22%5C", name + " = ANY($1)", {R"({"x","\"\\"})"});
    expect_where("size=1&size=2", R"(t."size" = ANY($1::numeric[]))", {R"({1,2})"});
    expect_where("id.gt=7", "t.id > $1::bigint", {"7"});
    expect_where("day.lte=2026-11-28", R"(t."day" <= $1::date)", {"2026-11-28"});
    expect_where("size.ne=1", R"((t."size" < $1::numeric OR t."size" > $1::numeric))", {"1"});
    expect_where("size.null=true", R"(t."size" IS NULL)", {});
    expect_where("size.null=false", R"(t."size" IS NOT NULL)", {});
    expect_where("kind=a", R"((t."kind")::text COLLATE "C" = $1)", {"a"});
    expect_where("mood=b", R"(t."mood" = $1)", {"b"});
    expect_where("kind.gte=b", R"((t."kind")::text COLLATE "C" >= $1)", {"b"});
    expect_where("q=a+b",
                 R"(to_tsvector('simple', COALESCE("name", '')) @@)"
                 " websearch_to_tsquery('simple', $1)",
                 {"a b"});
}

BOOST_AUTO_TEST_CASE(a_prefix_is_a_range_of_code_points) {
    const std::pair<std::string, std::string> ends[] = {
        {"Al", "Am"},
        {"a\x7F", "a\xC2\x80"},
        {"\xDF\xBF", "\xE0\xA0\x80"},
        {"\xED\x9F\xBF", "\xEE\x80\x80"},  // over the surrogates
        {"\xEF\xBF\xBF", "\xF0\x90\x80\x80"},
        {"a\xF4\x8F\xBF\xBF", "b"},
        {"%", "&"},
    };
    for (const auto& [prefix, end] : ends) {
        query::Query query = query::bare(things, things.lists[0]);
        query.filters = {{.field = &things.fields[0],
                          .comparison = query::Comparison::prefix,
                          .values = {prefix}}};
        const Sql sql = rest(query);
        BOOST_TEST(
            sql.text.contains(R"(t."name" COLLATE "C" >= $1 AND t."name" COLLATE "C" < $2)"));
        BOOST_TEST((sql.values == std::vector<std::optional<std::string>>{prefix, end}), end);
    }
    BOOST_TEST(rest("name.prefix=%F4%8F%BF%BF").values.size() == 1U);
    BOOST_TEST(rest("name.prefix=").text.contains(">= $1 ORDER"));
}

BOOST_AUTO_TEST_CASE(a_page_that_rises_is_one_comparison_of_rows) {
    BOOST_TEST(rest("sort=day", {"2026-11-28", "7"}, 3).text ==
               R"( FROM r AS t WHERE (t."day", t.id) > ($2::date, $3::bigint))"
               R"( ORDER BY t."day", t.id LIMIT $1::bigint)");
    BOOST_TEST(rest("", {"7"}, 3).text ==
               " FROM r AS t WHERE t.id > $2::bigint ORDER BY t.id LIMIT $1::bigint");
    BOOST_TEST(rest("sort=-day,-id", {"2026-11-28", "7"}, 3).text ==
               R"( FROM r AS t WHERE (t."day", t.id) < ($2::date, $3::bigint))"
               R"( ORDER BY t."day" DESC, t.id DESC LIMIT $1::bigint)");
}

BOOST_AUTO_TEST_CASE(nulls_are_a_branch_of_their_own) {
    BOOST_TEST(rest("sort=size", {}, 3).text ==
               R"( FROM r AS t ORDER BY t."size", t.id LIMIT $1::bigint)");
    BOOST_TEST(
        rest("sort=size", {"1", "7"}, 3).text ==
        R"(WITH larder_part_1 AS (SELECT t.* FROM r AS t WHERE (t."size", t.id) > ($2::numeric,)"
        R"( $3::bigint) ORDER BY t."size", t.id LIMIT $1::bigint), larder_part_2 AS)"
        R"( (SELECT p.* FROM (SELECT t.* FROM r AS t WHERE t."size" IS NULL)"
        R"( ORDER BY t.id LIMIT $1::bigint) AS p LIMIT $1::bigint - (SELECT count(*) FROM)"
        R"( larder_part_1))  FROM (SELECT * FROM larder_part_1 UNION ALL SELECT * FROM)"
        R"( larder_part_2) AS t ORDER BY t."size", t.id LIMIT $1::bigint)");
    BOOST_TEST(rest("sort=size", {std::nullopt, "7"}, 3).text ==
               R"( FROM r AS t WHERE t."size" IS NULL AND t.id > $2::bigint)"
               R"( ORDER BY t.id LIMIT $1::bigint)");
    const std::string falling = rest("sort=-size", {}, 3).text;
    BOOST_TEST(falling.contains(R"(t."size" IS NOT NULL)"));
    BOOST_TEST(falling.contains(R"(WHERE t."size" IS NULL ORDER BY t.id LIMIT)"));
    BOOST_TEST(falling.ends_with(R"( ORDER BY t."size" DESC NULLS LAST, t.id LIMIT $1::bigint)"));
    // A part has to come before those that follow it in the list, so this is no comparison of rows.
    const std::string second = rest("sort=day,size", {"2026-11-28", "1", "7"}, 3).text;
    BOOST_TEST(!second.contains("(t.\"day\", "));
    BOOST_TEST(second.find(R"(t."size" IS NULL)") < second.find(R"(t."day" > $2::date)"));
}

BOOST_AUTO_TEST_CASE(a_falling_key_before_a_rising_id_has_an_edge) {
    BOOST_TEST(
        rest("sort=-day", {}, 3).text ==
        R"(WITH larder_edge_1 AS (SELECT e.value FROM (SELECT t."day" AS value FROM r AS t)"
        R"( ORDER BY t."day" DESC LIMIT $1::bigint) AS e ORDER BY e.value LIMIT 1), larder_part_1)"
        R"( AS (SELECT t.* FROM r AS t WHERE t."day" > (SELECT value FROM larder_edge_1))"
        R"( ORDER BY t."day" DESC, t.id LIMIT $1::bigint), larder_part_2 AS (SELECT p.* FROM)"
        R"( (SELECT t.* FROM r AS t WHERE t."day" = (SELECT value FROM larder_edge_1))"
        R"( ORDER BY t.id LIMIT $1::bigint) AS p LIMIT $1::bigint - (SELECT count(*) FROM)"
        R"( larder_part_1))  FROM (SELECT * FROM larder_part_1 UNION ALL SELECT * FROM)"
        R"( larder_part_2) AS t ORDER BY t."day" DESC, t.id LIMIT $1::bigint)");
    const Sql next = rest("sort=-day", {"2026-11-28", "7"}, 3);
    BOOST_TEST(next.text.contains(R"(t."day" = $2::date AND t.id > $3::bigint ORDER BY t.id)"));
    BOOST_TEST(next.text.contains(R"(t."day" < $2::date AND t."day" > (SELECT value)"));
    // Nothing to gain where no two are equal, or where all are read.
    BOOST_TEST(!rest("sort=-code", {}, 3).text.contains("edge"));
    BOOST_TEST(!rest("sort=-day").text.contains("edge"));
}

BOOST_AUTO_TEST_CASE(mixed_directions) {
    const Sql sql = rest("sort=day,-name", {"2026-11-28", "x", "7"}, 3);
    BOOST_TEST(sql.text.contains(R"(t."day" > $2::date ORDER BY t."day", t."name" COLLATE "C")"
                                 " DESC, t.id LIMIT"));
    BOOST_TEST(sql.text.contains(R"(t."day" = $2::date AND t."name" COLLATE "C" < $3)"));
    BOOST_TEST(sql.text.contains(
        R"(t."day" = $2::date AND t."name" COLLATE "C" = $3 AND t.id > $4::bigint)"));
    BOOST_TEST(
        (sql.values == std::vector<std::optional<std::string>>{"3", "2026-11-28", "x", "7"}));
}

BOOST_AUTO_TEST_CASE(members_are_chosen) {
    const auto list = [](const Resource& resource, std::string_view text) {
        const auto query = query::parse(resource, resource.lists[0], text);
        BOOST_REQUIRE(query);
        return Statements(resource).list(resource.lists[0], *query, query->limit);
    };
    BOOST_TEST(list(things, "fields=id").sql ==
               R"(SELECT ('{"id":' || t.id || '}') FROM public."things" AS t ORDER BY t.id)");
    BOOST_TEST(list(things, "fields=day")
                   .sql.contains(
                       R"(t.id || ',"day":' || COALESCE(to_json(t."day")::text, 'null') || '}'))"));
    const Resource items{.name = "items", .title = "Item", .id = IdType::uuid};
    const Statement some = list(items, "fields=a,b");
    BOOST_TEST(some.sql.contains("WHERE m.key = ANY($1::text[])"));
    BOOST_TEST((some.values.front() == "{a,b}"));
}

// Those of which there are few texts, each with one plan for all values.
BOOST_AUTO_TEST_CASE(plain_lists_are_worth_preparing) {
    const auto is_repeated = [](const List& list, std::string_view text) {
        const auto query = query::parse(things, list, text);
        BOOST_REQUIRE(query);
        return statements.list(list, *query, query->limit).is_repeated;
    };
    for (const auto* text : {"", "limit=7", "name=x", "id=7", "mood=a&limit=7", "count=exact"}) {
        BOOST_TEST(is_repeated(things.lists[0], text), text);
    }
    for (const auto* text : {"name=x&mood=a", "mood=a&mood=b", "name.ne=x", "day.gt=2026-11-28",
                             "q=x", "size.null=true", "sort=name", "fields=name"}) {
        BOOST_TEST(!is_repeated(things.lists[0], text), text);
    }
    auto query = query::parse(things, things.lists[0], "name=x");
    BOOST_REQUIRE(query);
    query->form = query::Form::csv;
    BOOST_TEST(!statements.list(things.lists[0], *query, 0).is_repeated);
    query->form = query::Form::json;
    query->order.insert(query->order.begin(), {.field = &things.fields[3]});
    BOOST_TEST(!statements.list(things.lists[0], *query, 0).is_repeated);
    query->order.erase(query->order.begin());
    query->after = query::Position{"7"};
    BOOST_TEST(!statements.list(things.lists[0], *query, 0).is_repeated);
}

BOOST_AUTO_TEST_CASE(what_a_client_sent_never_becomes_sql) {
    const auto query = query::parse(
        things, things.lists[0],
        "name=evil'--&name.prefix=evil&name.ne=evil$1&q=evil'&size.gt=666&sort=-size&limit=667");
    BOOST_REQUIRE(query);
    for (const Statement& one : {statements.list(things.lists[0], *query, query->limit),
                                 statements.count(things.lists[0], *query),
                                 statements.end_of_page(things.lists[0], *query)}) {
        for (const auto* part : {"evil", "--", "66"}) BOOST_TEST(!one.sql.contains(part), one.sql);
    }
}

BOOST_AUTO_TEST_SUITE_END()
