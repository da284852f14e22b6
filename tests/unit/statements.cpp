#include "store/statements.hpp"

#include <boost/test/unit_test.hpp>

#include <fmt/format.h>

#include <string>

#include "query/parse.hpp"
#include "resources.hpp"
#include "store/cache_locks.hpp"

using namespace larder;

namespace {

using Values = std::vector<std::optional<std::string>>;

constexpr std::string_view uuid = "550e8400-e29b-41d4-a716-446655440000";
constexpr std::string_view boat_json =
    "('{\"id\":\"' || t.id || '\"'"
    " || ',\"name\":' || COALESCE(to_json(t.\"name\")::text, 'null')"
    " || ',\"sign\":' || COALESCE(to_json(t.\"sign\")::text, 'null')"
    " || ',\"length\":' || COALESCE(to_json(t.\"length\")::text, 'null')"
    " || ',\"berths\":' || COALESCE((t.\"berths\")::text, 'null')"
    " || ',\"harbour\":' || COALESCE(to_json(t.\"harbour\")::text, 'null')"
    " || '}')";
constexpr std::string_view item_json = "(jsonb_build_object('id', t.id) || t.data)::text";

struct Boats {
    Resource resource = invented_resource();
    Statements statements{resource};
    const std::string json{boat_json};
    const std::string id{uuid};

    Change change(ChangeMode mode, std::string_view body) const {
        const auto validated = validate(resource, mode, body);
        BOOST_REQUIRE(validated);
        return *validated;
    }
};

struct Items {
    Statements statements{larder::resource("items")};
    const std::string json{item_json};
    const std::string id{uuid};
};

/// What a write of a resource without tags gives first, with the lock of the collection's lists.
std::string locking(std::string_view resource, std::string_view value) {
    return fmt::format(
        "CASE WHEN pg_advisory_xact_lock_shared(hashtextextended(('larder:lists:{}:') COLLATE"
        " \"C\", 0)) IS NOT NULL THEN {} END",
        resource, value);
}

void check(const Statement& statement, const std::string& sql, const Values& values) {
    BOOST_TEST(statement.sql == sql);
    BOOST_TEST((statement.values == values));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(statements)

BOOST_FIXTURE_TEST_CASE(records_are_selected_by_an_array_of_ids, Boats) {
    check(statements.select({id, id}),
          "SELECT t.id, " + json +
              ", t.xmax = 0 FROM public.\"boats\" AS t WHERE t.id = ANY($1::uuid[])",
          {'{' + id + ',' + id + '}'});
    const Statements employees(larder::resource("employees"));
    BOOST_TEST(employees.select({"1"}).sql.ends_with("t.id = ANY($1::bigint[])"));
    BOOST_TEST(employees.select({"1", "22"}).values[0].value() == "{1,22}");
}

BOOST_FIXTURE_TEST_CASE(a_guarded_record_comes_with_version_and_unique_fields, Boats) {
    check(
        statements.select_guarded(id),
        "SELECT " + json +
            ", t.xmin, t.\"sign\", t.\"harbour\" FROM public.\"boats\" AS t WHERE t.id = $1::uuid",
        {id});
}

BOOST_FIXTURE_TEST_CASE(an_owner_is_selected_by_its_value, Boats) {
    const std::string evil = "x'; DROP TABLE boats; --";
    check(statements.select_owner(resource.fields[1], evil),
          "SELECT t.id, t.xmax = 0 FROM public.\"boats\" AS t WHERE t.\"sign\" = $1", {evil});
}

BOOST_FIXTURE_TEST_CASE(quiet_asks_for_every_lock_of_a_writer, Boats) {
    const Statement quiet = statements.quiet();
    BOOST_TEST(quiet.values.empty());
    for (const auto* part :
         {"NOT EXISTS", "pg_locks", "relation = 'public.\"boats\"'::regclass", "'RowExclusiveLock'",
          "'ShareRowExclusiveLock'", "'ExclusiveLock'", "'AccessExclusiveLock'", "granted",
          "current_database()", "pid IS DISTINCT FROM pg_backend_pid()"}) {
        BOOST_TEST_CONTEXT(part) { BOOST_TEST(quiet.sql.find(part) != std::string::npos); }
    }
}

BOOST_FIXTURE_TEST_CASE(an_insert_has_every_column_and_leaves_conflicts_to_the_constraint, Boats) {
    check(statements.insert(change(ChangeMode::create,
                                   R"({"harbour": null, "berths": 1.0e1, "length": 24.90,
                                       "sign": "S1", "name": "Zoë", "id": 1})")),
          "INSERT INTO public.\"boats\" AS t (\"name\", \"sign\", \"length\", \"berths\", "
          "\"harbour\")"
          " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING " +
              locking("boats", "t.id") + ", " + json,
          {"Zoë", "S1", "24.90", "10", std::nullopt});
}

BOOST_FIXTURE_TEST_CASE(a_field_that_was_not_sent_is_inserted_as_null, Boats) {
    const auto created =
        statements.insert(change(ChangeMode::create, R"({"length": 1, "sign": "S", "name": "n"})"));
    BOOST_TEST((created.values == Values{"n", "S", "1", std::nullopt, std::nullopt}));
}

BOOST_AUTO_TEST_CASE(an_insert_without_unique_fields_has_no_conflicts) {
    const Statements products(resource("products"));
    const auto change = validate(resource("products"), ChangeMode::create,
                                 R"({"name": "n", "price": 1, "stock_quantity": 2})");
    BOOST_REQUIRE(change);
    const Statement insert = products.insert(*change);
    BOOST_TEST(insert.sql.find("ON CONFLICT") == std::string::npos);
    BOOST_TEST((insert.values == Values{"n", std::nullopt, "1", "2"}));
}

BOOST_FIXTURE_TEST_CASE(an_update_sets_what_was_sent, Boats) {
    const auto sent = change(ChangeMode::replace, R"({"berths": 3, "harbour": null, "name": "n"})");
    check(statements.update(id, sent, ""),
          "UPDATE public.\"boats\" AS t SET \"name\" = $2, \"berths\" = $3, \"harbour\" = $4 WHERE "
          "t.id = $1::uuid"
          " RETURNING " +
              locking("boats", json),
          {id, "n", "3", std::nullopt});
    check(statements.update(id, sent, "77"),
          "UPDATE public.\"boats\" AS t SET \"name\" = $2, \"berths\" = $3, \"harbour\" = $4 WHERE "
          "t.id = $1::uuid"
          " AND t.xmin = $5::xid RETURNING " +
              locking("boats", json),
          {id, "n", "3", std::nullopt, "77"});
}

BOOST_FIXTURE_TEST_CASE(a_removal_gives_back_the_unique_values, Boats) {
    check(statements.remove(id, ""),
          "DELETE FROM public.\"boats\" AS t WHERE t.id = $1::uuid RETURNING " +
              locking("boats", "t.id") + ", t.\"sign\", t.\"harbour\"",
          {id});
    check(statements.remove(id, "77"),
          "DELETE FROM public.\"boats\" AS t WHERE t.id = $1::uuid AND t.xmin = $2::xid"
          " RETURNING " +
              locking("boats", "t.id") + ", t.\"sign\", t.\"harbour\"",
          {id, "77"});
}

BOOST_FIXTURE_TEST_CASE(a_list_has_its_condition_order_and_limit, Boats) {
    check(statements.list(resource.lists[0], query::bare(resource, resource.lists[0]), 0),
          "SELECT " + json + " FROM public.\"boats\" AS t ORDER BY t.id", {});
    query::Query some = query::bare(resource, resource.lists[1]);
    some.limit = 20;
    check(statements.list(resource.lists[1], some, 21),
          "SELECT " + json +
              ", (t.\"length\")::text, (t.\"name\")::text, (t.id)::text"
              " FROM (SELECT * FROM boats) AS t WHERE (length > 20)"
              " ORDER BY t.\"length\" DESC, t.\"name\" COLLATE \"C\", t.id LIMIT $1::bigint",
          {"21"});
    check(statements.end_of_page(resource.lists[1], some),
          "SELECT (t.\"length\")::text, (t.\"name\")::text, (t.id)::text"
          " FROM (SELECT * FROM boats) AS t WHERE (length > 20)"
          " ORDER BY t.\"length\" DESC, t.\"name\" COLLATE \"C\", t.id LIMIT $1::bigint"
          " OFFSET $2::bigint",
          {"21", "19"});
    check(statements.count(resource.lists[1], some),
          "SELECT count(*) FROM (SELECT * FROM boats) AS t WHERE (length > 20)", {});
}

BOOST_FIXTURE_TEST_CASE(a_document_is_stored_without_the_id_that_was_sent, Items) {
    const Change sent{.document = R"({"id": 1, "a": null})"};
    check(statements.insert(sent),
          "INSERT INTO public.\"items\" AS t (data) VALUES ($1::jsonb - 'id') RETURNING " +
              locking("items", "t.id") + ", " + json,
          {sent.document});
}

BOOST_FIXTURE_TEST_CASE(a_document_is_merged_at_the_top_or_deeply, Items) {
    Change sent{.mode = ChangeMode::replace, .document = R"({"a": {"b": null}})"};
    check(
        statements.update(id, sent, "9"),
        "UPDATE public.\"items\" AS t SET data = t.data || ($2::jsonb - 'id') WHERE t.id = $1::uuid"
        " AND t.xmin = $3::xid RETURNING " +
            locking("items", json),
        {id, sent.document, "9"});
    sent.mode = ChangeMode::merge_patch;
    check(statements.update(id, sent, ""),
          "UPDATE public.\"items\" AS t SET data = larder.merge_patch(t.data, $2::jsonb - 'id')"
          " WHERE t.id = $1::uuid RETURNING " +
              locking("items", json),
          {id, sent.document});
}

BOOST_FIXTURE_TEST_CASE(a_document_has_no_unique_fields, Items) {
    check(statements.remove(id, ""),
          "DELETE FROM public.\"items\" AS t WHERE t.id = $1::uuid RETURNING " +
              locking("items", "t.id"),
          {id});
    check(statements.select_guarded(id),
          "SELECT " + json + ", t.xmin FROM public.\"items\" AS t WHERE t.id = $1::uuid", {id});
}

BOOST_AUTO_TEST_CASE(each_type_has_its_sql) {
    const Resource samples{
        .name = "order",
        .title = "Sample",
        .fields = {{.name = "b", .type = Boolean{}},
                   {.name = "t", .type = Timestamp{}},
                   {.name = "e", .type = Enum{{"x", "y"}}, .column = "Der \"Z\""},
                   {.name = "j", .type = Json{}, .required = false},
                   {.name = "r", .type = Integer{}, .required = false, .read_only = true}},
        .lists = {{}, {.path = "some", .order = {"-r", "e"}}}};
    const Statements statements(samples);
    const std::string json =
        R"(('{"id":' || t.id || ',"b":' || COALESCE((t."b")::text, 'null'))"
        R"( || ',"t":' || COALESCE(CASE WHEN isfinite(t."t") AND)"
        R"( t."t" >= '0001-01-01 00:00:00+00' THEN rtrim(to_json(t."t" AT TIME ZONE)"
        R"( 'UTC')::text, '"') || 'Z"' ELSE to_json(t."t")::text END, 'null'))"
        R"( || ',"e":' || COALESCE(to_json(t."Der ""Z""")::text, 'null'))"
        R"( || ',"j":' || COALESCE((t."j")::text, 'null'))"
        R"( || ',"r":' || COALESCE((t."r")::text, 'null') || '}'))";
    const auto created = validate(
        samples, ChangeMode::create,
        R"({"r": 9, "j": {"a" : 1.50}, "e": "y", "b": true, "t": "2026-11-28T00:00:00Z"})");
    BOOST_REQUIRE(created);
    check(statements.insert(*created),
          R"(INSERT INTO public."order" AS t ("b", "t", "Der ""Z""", "j") VALUES ($1, $2, $3, $4))"
          " RETURNING " +
              locking("order", "t.id") + ", " + json,
          {"true", "2026-11-28T00:00:00Z", "y", R"({"a" : 1.50})"});
    const auto patched = validate(samples, ChangeMode::merge_patch, R"({"j": {"a": null}})");
    BOOST_REQUIRE(patched);
    BOOST_TEST(statements.update("1", *patched, "")
                   .sql.contains(R"(SET "j" = larder.merge_patch(t."j"::jsonb, $2::jsonb) WHERE)"));
    const auto replaced = validate(samples, ChangeMode::replace, R"({"j": {"a": null}})");
    BOOST_REQUIRE(replaced);
    BOOST_TEST(statements.update("1", *replaced, "").sql.contains(R"(SET "j" = $2 WHERE)"));
    BOOST_TEST(
        statements.list(samples.lists[1], query::bare(samples, samples.lists[1]), 0)
            .sql.ends_with(R"( ORDER BY t."r" DESC NULLS LAST, (t."Der ""Z""")::text COLLATE "C",)"
                           " t.id"));
    const auto ignored = validate(samples, ChangeMode::replace, R"({"r": "x", "id": 5})");
    BOOST_REQUIRE(ignored);
    BOOST_TEST(ignored->is_empty);
}

BOOST_AUTO_TEST_CASE(a_table_and_a_key_of_other_names) {
    const Resource details{
        .name = "order_details",
        .title = "Order detail",
        .id = IdType::uuid,
        .fields = {{.name = "price", .type = Decimal{}, .unique = true, .column = "Unit Price"},
                   {.name = "tags", .type = Other{}, .read_only = true},
                   {.name = "at", .type = Date{}, .database_default = true}},
        .lists = {{}, {.path = "some", .order = {"-price", "-id"}}},
        .table = "Order's \"Details\"",
        .schema = "Sales",
        .id_column = "detail ID",
        .generates_id = true};
    const Statements statements(details);
    const std::string table = R"("Sales"."Order's ""Details""")";
    const std::string json =
        R"(('{"id":"' || t."detail ID" || '"' || ',"price":' || COALESCE(to_json(t."Unit Price"))"
        R"(::text, 'null') || ',"tags":' || COALESCE(to_json(t."tags")::text, 'null'))"
        R"( || ',"at":' || COALESCE(to_json(t."at")::text, 'null') || '}'))";
    BOOST_TEST(statements.select({"x"}).sql == "SELECT t.\"detail ID\", " + json +
                                                   ", t.xmax = 0 FROM " + table +
                                                   " AS t WHERE t.\"detail ID\" = ANY($1::uuid[])");
    BOOST_TEST(statements.quiet().sql.contains(R"('"Sales"."Order''s ""Details"""'::regclass)"));
    BOOST_TEST(statements.list(details.lists[1], query::bare(details, details.lists[1]), 0)
                   .sql.ends_with(R"( ORDER BY t."Unit Price" DESC, t."detail ID" DESC)"));
    const auto csv = query::bare(details, details.lists[0], query::Form::csv);
    BOOST_TEST(statements.list(details.lists[0], csv, 0)
                   .sql.starts_with(
                       R"(SELECT (t."detail ID"::text)"
                       R"( || ',' || COALESCE(btrim(to_json(t."Unit Price")::text, '"'), ''))"
                       R"( || ',' || COALESCE('"' ||)"
                       R"( replace((to_json(t."tags") #>> '{}'), '"', '""') || '"', ''))"
                       R"( || ',' || COALESCE(btrim(to_json(t."at")::text, '"'), '')) FROM )"));
    // What was not sent is left to the default of its column.
    const auto created = validate(details, ChangeMode::create, R"({"price": 1, "tags": "x"})");
    BOOST_REQUIRE(created);
    check(statements.insert(*created),
          "INSERT INTO " + table +
              R"( AS t ("detail ID", "Unit Price"))"
              " VALUES (gen_random_uuid(), $1) ON CONFLICT DO NOTHING RETURNING " +
              locking("order_details", "t.\"detail ID\"") + ", " + json,
          {"1"});
    const auto dated = validate(details, ChangeMode::create, R"({"at": "2026-11-28", "price": 1})");
    BOOST_REQUIRE(dated);
    check(statements.insert(*dated),
          "INSERT INTO " + table +
              R"( AS t ("detail ID", "Unit Price", "at"))"
              " VALUES (gen_random_uuid(), $1, $2) ON CONFLICT DO NOTHING RETURNING " +
              locking("order_details", "t.\"detail ID\"") + ", " + json,
          {"1", "2026-11-28"});
    BOOST_TEST(statements.remove("x", "").sql ==
               "DELETE FROM " + table + " AS t WHERE t.\"detail ID\" = $1::uuid RETURNING " +
                   locking("order_details", "t.\"detail ID\"") + ", t.\"Unit Price\"");
}

BOOST_AUTO_TEST_CASE(a_record_of_nothing_but_what_the_database_gives_can_be_made) {
    const Resource stamps{.name = "stamps",
                          .title = "Stamp",
                          .fields = {{.name = "at", .type = Timestamp{}, .read_only = true}}};
    const auto created = validate(stamps, ChangeMode::create, "{}");
    BOOST_REQUIRE(created);
    BOOST_TEST(Statements(stamps).insert(*created).sql.starts_with(
        R"(INSERT INTO public."stamps" AS t DEFAULT VALUES RETURNING )" +
        locking("stamps", "t.id") + ", "));
}

BOOST_FIXTURE_TEST_CASE(what_a_client_sent_never_becomes_sql, Boats) {
    const std::string evil = "'); --";
    const auto body = R"({"name": "'); --", "sign": "evil", "length": 9.99, "berths": 9,
                          "harbour": "'\"$1"})";
    for (std::string sql : {statements.insert(change(ChangeMode::create, body)).sql,
                            statements.update(evil, change(ChangeMode::replace, body), evil).sql,
                            statements.remove(evil, evil).sql, statements.select({evil}).sql,
                            statements.select_guarded(evil).sql}) {
        for (const std::string& own : {json, std::string("'larder:lists:boats:'")}) {
            if (const auto at = sql.find(own); at != std::string::npos) sql.erase(at, own.size());
        }
        BOOST_TEST_CONTEXT(sql) {
            for (const auto* part : {"--", "evil", "9", "'"}) {
                BOOST_TEST(sql.find(part) == std::string::npos);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(writes_give_the_texts_of_tags_before_and_after) {
    const Resource bills = {
        .name = "bills",
        .title = "Bill",
        .fields = {{.name = "number", .type = Text{}, .unique = true},
                   {.name = "customer",
                    .type = Reference{.to = "customers", .on_delete = OnDelete::clear},
                    .required = false,
                    .column = "of",
                    .filter = true}},
        .lists = {List{}, List{.path = "large", .where = "total > 9"}}};
    const Statements statements(bills);
    BOOST_TEST(statements.tag_sources().size() == 2U);
    const std::string tags = R"(, (total > 9)::text, t."of"::text)";
    const Change change{.assignments = {{.field = &bills.fields[1], .value = "42"}}};
    const Statement update = statements.update("7", change, "12");
    BOOST_TEST(update.sql.contains(
        R"(SET "of" = $2 WHERE t.id = $1::bigint AND t.xmin = $3::xid)"
        " AND set_config('larder.tag_1', coalesce((total > 9)::text, ''), true) IS NOT NULL"
        R"( AND set_config('larder.tag_2', coalesce(t."of"::text, ''), true) IS NOT NULL RETURNING )"));
    BOOST_TEST(update.sql.ends_with(
        tags + ", current_setting('larder.tag_1'), current_setting('larder.tag_2')"));
    BOOST_TEST(statements.insert(change).sql.ends_with(tags));
    BOOST_TEST(statements.remove("7", "").sql.ends_with(R"(THEN t.id END, t."number")" + tags));
    const std::vector<std::string> ids = {"1"};
    BOOST_TEST(statements.remove_all(ids).sql.ends_with(R"(RETURNING t.id, t."number")" + tags));
    const Statement clear = statements.clear({&bills.fields[1], &ids});
    BOOST_TEST(clear.sql.contains(
        R"((total > 9)::text AS larder_value_2, t."of"::text AS larder_value_3)"));
    BOOST_TEST(clear.sql.ends_with(
        "RETURNING t.id, larder_value_1, larder_value_2, larder_value_3" + tags));
    Resource plain = bills;
    plain.lists = {List{}};
    BOOST_TEST(statements.shape() != Statements(plain).shape());
}

BOOST_AUTO_TEST_CASE(a_write_takes_the_locks_that_readers_look_for) {
    const Resource bills = {
        .name = "bills",
        .title = "Bill",
        .fields = {{.name = "customer", .type = Reference{.to = "customers"}, .filter = true}},
        .lists = {List{}, List{.path = "large", .where = "total > 9"}}};
    const Statements statements(bills);
    const auto lock = [](std::string_view name) {
        return fmt::format(
            "pg_advisory_xact_lock_shared(hashtextextended(({}) COLLATE \"C\", 0)) IS NOT NULL",
            name);
    };
    const std::string own = "CASE WHEN " + lock("'larder:lists:bills:'");
    const std::string large = "CASE {} WHEN 'true' THEN 'larder:lists:bills:large' ELSE '' END";
    const std::string customer = "'larder:lists:bills:customer=' || coalesce({}, '')";
    const auto of = [&](const std::string& name, const std::string& text) {
        return " AND " + lock(fmt::format(fmt::runtime(name), text));
    };
    const std::string after = of(customer, "t.\"customer\"::text") + " THEN ";
    const std::string listed = of(large, "(total > 9)::text");
    BOOST_TEST(statements.insert({}).sql.contains(own + listed + after + "t.id END"));
    BOOST_TEST(statements.remove("7", "").sql.contains(own + listed + after + "t.id END"));
    const Change change{.assignments = {{.field = &bills.fields[0], .value = "42"}}};
    BOOST_TEST(statements.update("7", change, "")
                   .sql.contains(own + listed + of(large, "current_setting('larder.tag_1')") +
                                 of(customer, "t.\"customer\"::text") +
                                 of(customer, "current_setting('larder.tag_2')") + " THEN ("));
    const Statement taken = take_locks({"x:1", "x:2"});
    BOOST_TEST(taken.sql.contains("pg_advisory_xact_lock_shared"));
    BOOST_TEST(taken.values.front().value() == R"({"x:1","x:2"})");
    BOOST_TEST(are_free({"a"}).values.front().value() == "{a}");
}

BOOST_AUTO_TEST_CASE(a_removal_locks_clears_and_removes_what_refers_to_it) {
    const Resource crews = {.name = "crews",
                            .title = "Crew",
                            .fields = {{.name = "name", .type = Text{}, .unique = true},
                                       {.name = "boat",
                                        .type = Reference{.to = "boats", .id = IdType::uuid},
                                        .required = false,
                                        .unique = true,
                                        .column = "the \"boat\""},
                                       {.name = "head", .type = Reference{.to = "crews"}}}};
    const Statements statements(crews);
    const std::vector<std::string> boats = {std::string(uuid)};
    const std::vector<std::string> heads = {"1", "2"};
    check(statements.lock("7", ""),
          "SELECT t.id FROM public.\"crews\" AS t WHERE t.id = $1::bigint FOR UPDATE", {"7"});
    check(statements.lock("7", "12"),
          "SELECT t.id FROM public.\"crews\" AS t WHERE t.id = $1::bigint AND t.xmin = $2::xid"
          " FOR UPDATE",
          {"7", "12"});
    check(statements.lock_referring({{&crews.fields[1], &boats}, {&crews.fields[2], &heads}}),
          "SELECT t.id FROM public.\"crews\" AS t WHERE t.\"the \"\"boat\"\"\" = ANY($1::uuid[]) OR"
          " t.\"head\" = ANY($2::bigint[]) ORDER BY t.id FOR UPDATE",
          {"{" + boats[0] + "}", "{1,2}"});
    check(
        statements.clear({&crews.fields[1], &boats}),
        "UPDATE public.\"crews\" AS t SET \"the \"\"boat\"\"\" = NULL FROM (SELECT t.id AS "
        "larder_id, t.\"name\" AS"
        " larder_value_1, t.\"the \"\"boat\"\"\" AS larder_value_2 FROM public.\"crews\" AS t WHERE"
        " t.\"the \"\"boat\"\"\" = ANY($1::uuid[]) ORDER BY t.id FOR UPDATE) AS larder_old"
        " WHERE t.id = larder_id RETURNING t.id, larder_value_1, larder_value_2",
        {"{" + boats[0] + "}"});
    check(statements.remove_all(heads),
          "DELETE FROM public.\"crews\" AS t WHERE t.id = ANY($1::bigint[]) RETURNING t.id,"
          " t.\"name\", t.\"the \"\"boat\"\"\"",
          {"{1,2}"});
    check(statements.select_ids(heads),
          "SELECT t.id FROM public.\"crews\" AS t WHERE t.id = ANY($1::bigint[])", {"{1,2}"});
}

BOOST_AUTO_TEST_SUITE_END()
