// Tables that exist, in the shapes of the sample databases that people know: each row reads back as
// to_jsonb shows it, and what is written through the API is what SQL would have written.
// LARDER_ADOPT_SQL names further files of SQL, for databases that are not part of the project.
#define BOOST_TEST_MODULE adopt
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "adopt_tables.hpp"
#include "catalog/catalog.hpp"
#include "catalog/names.hpp"
#include "feed.hpp"
#include "fixture.hpp"

using namespace larder::test;
using larder::Field;
using larder::Resource;
namespace fs = std::filesystem;

namespace {

using Lines = std::vector<std::string>;

Finished adopt(const Lines& arguments, const fs::path& resources) {
    const auto status = stack().status();
    Lines command = {program_directory() / "larder-schema", "adopt"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run(command, {{"DATABASE_URL", status.at("database_url")},
                         {"RESOURCES_DIR", resources},
                         {"REDIS_URL", status.at("redis_url")},
                         {"RUN_DIR", status.at("run_dir")}});
}

/// The tables of adopt_tables.hpp, adopted, and a stack that serves them.
struct AdoptedStack : SharedStack {
    AdoptedStack() {
        auto database = stack().database();
        for (const auto* sql : adopted_tables) database.query(sql);
        load_further_tables();
        fs::copy(source_directory() / "resources", directory());
        output() = adopt({"--all", "--to", directory()}, directory());
        BOOST_REQUIRE_MESSAGE(output().status == 0, output().output);
        for (const std::string& line : lines_in(output().output)) {
            constexpr std::string_view to_do = "larder-schema: to do: ";
            if (line.starts_with(to_do)) database.query(line.substr(to_do.size()));
        }
        for (const auto* command : {"restart-workers", "restart-feed", "reload"}) {
            const auto done = stack().script({command}, {{"RESOURCES_DIR", directory()}});
            BOOST_REQUIRE_MESSAGE(done.status == 0, done.output);
        }
        auto all = larder::read_catalog(directory());
        BOOST_REQUIRE(all);
        std::ranges::copy_if(*all, std::back_inserter(resources()), [](const Resource& one) {
            return !fs::exists(source_directory() / "resources" / (one.name + ".toml"));
        });
    }

    static fs::path directory() { return stack().directory() / "resources"; }
    static Finished& output() {
        static Finished finished;
        return finished;
    }
    static std::vector<Resource>& resources() {
        static std::vector<Resource> adopted;
        return adopted;
    }

private:
    static void load_further_tables() {
        const char* files = std::getenv("LARDER_ADOPT_SQL");
        if (files == nullptr) return;
        std::istringstream in(files);
        for (std::string file; std::getline(in, file, ':');) {
            const auto loaded = run({"psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d",
                                     stack().status().at("database_url"), "-f", file});
            BOOST_REQUIRE_MESSAGE(loaded.status == 0, loaded.output);
        }
    }
};

std::string column_of(const Field& field) { return larder::quoted_identifier(field.column_name()); }
std::string id_of(const Resource& one) { return larder::quoted_identifier(one.id_column); }

/// The rows of a table as JSON, by id.
std::map<std::string, Json> rows_of(Database& database, const Resource& one,
                                    const std::string& where = "true") {
    database.query("SET TimeZone = 'UTC'");
    database.query("SET IntervalStyle = 'iso_8601'");
    std::map<std::string, Json> rows;
    for (const auto& row : database.query("SELECT t." + id_of(one) + ", to_jsonb(t) FROM " +
                                          one.sql_table() + " AS t WHERE " + where)) {
        rows.emplace(row[0], Json::parse(row[1]));
    }
    return rows;
}

/// Whether the value of a field is that of its column. Instants and floats may be spelt in two
/// ways.
bool is_same(const Field& field, const Json& shown, const Json& kept) {
    if (std::holds_alternative<larder::Float>(field.type) && kept.is(Json::Kind::number)) {
        return shown.is(Json::Kind::number) && std::stod(shown.text()) == std::stod(kept.text());
    }
    const bool is_instant = std::holds_alternative<larder::Timestamp>(field.type) &&
                            kept.is(Json::Kind::string) && kept.text().ends_with("+00:00");
    if (!is_instant) return shown == kept;
    return shown.text() == kept.text().substr(0, kept.text().size() - 6) + 'Z';
}

void check_record(const Resource& one, const Json& record, const Json& row) {
    BOOST_TEST_CONTEXT(one.name << ": " << row) {
        BOOST_TEST(record["id"].text() == row[one.id_column].text());
        BOOST_TEST(record.size() == row.size());
        for (const Field& field : one.fields) {
            BOOST_TEST(is_same(field, record[field.name], row[field.column_name()]),
                       field.name << ": " << record[field.name]);
        }
    }
}

/// What a client has to send for a record like this one; nothing: a field must be unique.
std::string body_like(const Resource& one, const Json& record) {
    std::string body;
    for (const Field& field : one.fields) {
        if (field.read_only) continue;
        const bool is_left_out = field.unique && !field.required;
        if (field.unique && field.required) return {};
        std::ostringstream value;
        value << record[field.name];
        body += (body.empty() ? "" : ", ") + json_string(field.name) + ": " +
                (is_left_out ? "null" : value.str());
    }
    return "{" + body + "}";
}

/// The row without what differs between two that were written alike: its key, what is unique, and
/// what the database makes.
Json comparable(const Resource& one, Json row) {
    row = row.without(one.id_column);
    for (const Field& field : one.fields) {
        if (field.unique || field.read_only || field.column_name() == "last_update") {
            row = row.without(field.column_name());
        }
    }
    return row;
}

/// What INSERT … SELECT makes of a row, as SQL; empty: PostgreSQL refuses it.
std::string row_by_sql(Database& database, const Resource& one, const std::string& id) {
    std::string columns;
    std::string values;
    for (const Field& field : one.fields) {
        if (field.read_only) continue;
        columns += (columns.empty() ? "" : ", ") + column_of(field);
        values += (values.empty() ? "" : ", ") + (field.unique ? "NULL" : column_of(field));
    }
    if (one.generates_id) {
        columns += ", " + id_of(one);
        values += ", gen_random_uuid()";
    }
    database.query("BEGIN");
    std::string row;
    try {
        row = database.value("INSERT INTO " + one.sql_table() + " AS t (" + columns + ") SELECT " +
                                 values + " FROM " + one.sql_table() + " WHERE " + id_of(one) +
                                 "::text = $1 RETURNING to_jsonb(t)",
                             {id});
    } catch (const std::exception&) {
    }
    database.query("ROLLBACK");
    return row;
}

/// Makes, changes and deletes a record like that of `row`, and one like that of `other`.
void check_writes(Database& database, const Resource& one, const Json& row, const Json& other) {
    const auto source = row[one.id_column].text();
    const auto record = expect_json(api().get(one.path_of(source)), 200);
    const auto body = body_like(one, record);
    if (body.empty()) return;
    const auto made = api().post('/' + one.name, body);
    const auto by_sql = row_by_sql(database, one, source);
    if (by_sql.empty()) {
        BOOST_TEST((made.status == 409 || made.status == 422), made.body);
        return;
    }
    const Json created = expect_json(made, 201);
    const auto path = path_of('/' + one.name, created);
    const auto kept = [&] {
        const auto rows =
            rows_of(database, one, id_of(one) + "::text = '" + created["id"].text() + "'");
        return rows.empty() ? Json() : rows.begin()->second;
    };
    BOOST_TEST(comparable(one, kept()) == comparable(one, Json::parse(by_sql)));
    check_record(one, created, kept());
    const auto model = expect_json(api().get(one.path_of(other[one.id_column].text())), 200);
    const auto changed = api().put(path, body_like(one, model));
    if (changed.status != 409) {
        check_record(one, expect_json(changed, 200), kept());
        BOOST_TEST(comparable(one, kept()) == comparable(one, other));
    }
    BOOST_TEST(api().del(path).status == 204);
    BOOST_TEST(kept().is(Json::Kind::missing));
    BOOST_TEST(api().get(path).status == 404);
}

/// Changes a record into one like `other` and back, where no new one can be made.
void check_changes(Database& database, const Resource& one, const Json& row, const Json& other) {
    const auto id = row[one.id_column].text();
    const auto path = one.path_of(id);
    const auto kept = [&] {
        return rows_of(database, one, id_of(one) + "::text = '" + id + "'").begin()->second;
    };
    const auto body = body_like(one, expect_json(api().get(path), 200));
    const auto model = expect_json(api().get(one.path_of(other[one.id_column].text())), 200);
    if (body.empty()) return;
    const auto changed = expect_json(api().put(path, body_like(one, model)), 200);
    check_record(one, changed, kept());
    BOOST_TEST(comparable(one, kept()) == comparable(one, other));
    const auto restored = expect_json(api().patch(path, body), 200);
    check_record(one, restored, kept());
    BOOST_TEST(comparable(one, kept()) == comparable(one, row));
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(AdoptedStack);

BOOST_AUTO_TEST_CASE(every_row_reads_back_as_the_database_has_it) {
    auto database = stack().database();
    std::size_t records = 0;
    for (const Resource& one : AdoptedStack::resources()) {
        const auto rows = rows_of(database, one);
        const auto list = expect_json(api().get('/' + one.name), 200);
        BOOST_TEST(list.size() == rows.size(), one.name);
        for (const Json& record : list.elements()) {
            check_record(one, record, rows.at(record["id"].text()));
            ++records;
        }
        std::size_t left = 20;  // one by one, from PostgreSQL and from Redis
        for (const auto& [id, row] : rows) {
            if (id.starts_with('-') || left-- == 0) continue;
            const auto first = api().get(one.path_of(id));
            check_record(one, expect_json(first, 200), row);
            BOOST_TEST(api().get(one.path_of(id)).body == first.body);
        }
    }
    BOOST_TEST_MESSAGE(AdoptedStack::resources().size() << " tables, " << records << " rows");
    BOOST_TEST(records > 0U);
}

BOOST_AUTO_TEST_CASE(writes_leave_the_rows_that_sql_would) {
    auto database = stack().database();
    std::size_t tables = 0;
    for (const Resource& one : AdoptedStack::resources()) {
        if (!one.can_change || one.name == "extremes") continue;
        auto rows = rows_of(database, one);
        std::erase_if(rows, [](const auto& row) { return row.first.starts_with('-'); });
        if (rows.empty()) continue;
        BOOST_TEST_CONTEXT(one.name) {
            for (std::size_t i = 0; i < std::min<std::size_t>(rows.size(), 5); ++i) {
                const auto at = std::next(rows.begin(), static_cast<std::ptrdiff_t>(i));
                const auto check = one.can_create ? check_writes : check_changes;
                check(database, one, at->second, rows.rbegin()->second);
            }
        }
        ++tables;
    }
    BOOST_TEST_MESSAGE(tables << " tables were written");
}

BOOST_AUTO_TEST_CASE(tables_that_cannot_be_records_are_refused_with_what_would_do) {
    const auto& said = AdoptedStack::output().output;
    for (const auto* words :
         {R"(larder-schema: the table "rental"."film_actor" has a key of 2 columns)",
          R"(ALTER TABLE "rental"."film_actor" ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY)",
          R"(larder-schema: the table "rental"."film_list" is a view)",
          R"(larder-schema: the table "rental"."payment" has partitions)",
          R"(larder-schema: the table "trade"."customers" has a key of the type character(5))",
          R"(larder-schema: the table "trade"."Order Details" has a key of 2 columns)"}) {
        BOOST_TEST(said.contains(words), words << " in " << said);
    }
}

BOOST_AUTO_TEST_CASE(a_resource_says_what_it_cannot_do) {
    const auto film = api().post("/film", "{}");
    expect_problem(film, 405);
    expect_allow(film, {"GET", "HEAD", "OPTIONS"});
    expect_allow(api().put("/film/1", "{}"), {"GET", "HEAD", "OPTIONS"});
    expect_allow(api().del("/film/1"), {"GET", "HEAD", "OPTIONS"});
    const auto album = api().post("/album", R"({"Title": "x", "ArtistId": 1})");
    expect_problem(album, 405);
    expect_allow(album, {"GET", "HEAD", "OPTIONS"});
    const auto changed = expect_json(api().put("/album/1", R"({"Title": "New"})"), 200);
    BOOST_TEST(changed["Title"].text() == "New");
    BOOST_TEST(api().patch("/album/1", R"({"Title": "Old"})").status == 200);
    const auto printed = run({program_directory() / "larder-worker", "--print-openapi"},
                             {{"RESOURCES_DIR", AdoptedStack::directory()}});
    BOOST_TEST_REQUIRE(printed.status == 0, printed.output);
    const auto paths = Json::parse(printed.output)["paths"];
    BOOST_TEST(!paths["/film"].contains("post"));
    BOOST_TEST(!paths["/film/{id}"].contains("put"));
    BOOST_TEST(paths["/film/{id}"].contains("get"));
    BOOST_TEST(!paths["/album"].contains("post"));
    BOOST_TEST(paths["/album/{id}"].contains("delete"));
}

BOOST_AUTO_TEST_CASE(what_was_not_sent_has_the_default_of_its_column) {
    const Json made = create("/staff", R"({"name": "Ann"})");
    BOOST_TEST(made["active"].text() == "true");
    BOOST_TEST(made["last_update"].text().ends_with("Z"));
    BOOST_TEST(made["number"].text() != "");
    BOOST_TEST(made["boss"].is(Json::Kind::null));
    const auto path = path_of("/staff", made);
    const auto sent =
        api().post("/staff", R"({"name": "Bob", "since": "2001-02-03", "note": null, "boss": )" +
                                 made["id"].text() + "}");
    const Json second = expect_json(sent, 201);
    BOOST_TEST(second["since"].text() == "2001-02-03");
    BOOST_TEST(second["note"].is(Json::Kind::null));
    BOOST_TEST(made["note"].text() == "of today");
    expect_problem(api().post("/staff", R"({"name": "C", "since": null})"), 422, {"/since"});
    BOOST_TEST(api().del(path_of("/staff", second)).status == 204);
    BOOST_TEST(api().del(path).status == 204);
}

BOOST_AUTO_TEST_CASE(a_value_that_breaks_a_rule_is_still_shown) {
    const auto one = expect_json(api().get("/extremes/1"), 200);
    BOOST_TEST(one["at"].text() == "infinity");
    BOOST_TEST(one["code"].text() == "not one of them");
    const auto two = expect_json(api().get("/extremes/2"), 200);
    BOOST_TEST(two["at"].text() == "0044-03-15T00:00:00+00:00 BC");
    BOOST_TEST(two["day"].text() == "0044-03-15 BC");
    BOOST_TEST(two["amount"].text() == "NaN");
    // It need not be changed along with the others.
    BOOST_TEST(expect_json(api().put("/extremes/2", R"({"code": "a"})"), 200)["amount"].text() ==
               "NaN");
    expect_problem(api().put("/extremes/2", R"({"code": "c"})"), 422, {"/code"});
}

BOOST_AUTO_TEST_CASE(what_a_trigger_refuses_is_no_failure_of_the_server) {
    expect_problem(api().post("/rules", R"({"name": "new"})"), 422);
    expect_problem(api().del("/rules/1"), 409);
    BOOST_TEST(expect_json(api().put("/rules/1", R"({"name": "other"})"), 200)["name"].text() ==
               "other");
}

BOOST_AUTO_TEST_CASE(a_row_that_several_columns_forbid_is_a_conflict) {
    const auto body = R"({"code": ")" + unique_text("p") + R"(", "x": 7, "y": 8})";
    const Json made = create("/places", body);
    const auto again = R"({"code": ")" + unique_text("p") + R"(", "x": 7, "y": 8})";
    expect_problem(api().post("/places", again), 409);
    BOOST_TEST(api().del(path_of("/places", made)).status == 204);
    BOOST_TEST(api().post("/places", again).status == 201);
}

BOOST_AUTO_TEST_CASE(an_edit_past_the_workers_is_seen) {
    BOOST_TEST_REQUIRE(eventually([] { return feed_follows(); }));
    for (const auto* path : {"/artist/1", "/places/1"}) BOOST_TEST(gets_cached(path));
    auto database = stack().database();
    database.query("UPDATE music.\"Artist\" SET \"Name\" = 'Somebody else' WHERE \"ArtistId\" = 1");
    BOOST_TEST(comes_to_show("/artist/1", R"("Name":"Somebody else")"));
    database.query("UPDATE trade.places SET x = 77 WHERE number = 1");
    BOOST_TEST(comes_to_show("/places/1", R"("x":77)"));
}

BOOST_AUTO_TEST_CASE(a_mistake_writes_nothing) {
    const auto empty = stack().directory() / "adopted";
    fs::create_directory(empty);
    const auto refused = [&](const Lines& arguments, std::string_view words) {
        const auto finished = adopt(arguments, empty);
        BOOST_TEST(finished.status != 0);
        BOOST_TEST(finished.output.contains(words), finished.output);
        BOOST_TEST(fs::is_empty(empty));
    };
    refused({"--to", empty, "rental.stafff"}, "did you mean `rental.staff`?");
    refused({"--to", empty, "rental.staff", "rental.film_actor"}, "has a key of 2 columns");
    refused({"--to", empty}, "name the tables");
    refused({"--to", empty, "--all", "staff"}, "name the tables");
    refused({"--to", empty / "missing", "rental.staff"}, "cannot use");
    const auto printed = adopt({"rental.staff"}, empty);
    BOOST_TEST(printed.status == 0);
    BOOST_TEST(printed.output.contains("title = \"Staff\""), printed.output);
    BOOST_TEST(fs::is_empty(empty));
    // A file of the operator's is kept, and none is written beside it.
    std::ofstream(empty / "artist.toml") << "mine";
    const auto taken = adopt({"--to", empty, "trade.places", "music.Artist"}, empty / "none");
    BOOST_TEST(taken.status == 1);
    BOOST_TEST(taken.output.contains("artist.toml is there already"), taken.output);
    BOOST_TEST(std::distance(fs::directory_iterator(empty), {}) == 1);
    fs::remove(empty / "artist.toml");
    BOOST_TEST(adopt({"--to", empty, "trade.*"}, empty / "none").status == 1);
    BOOST_TEST(adopt({"--to", empty, "places", "Artist"}, empty / "none").status == 0);
    BOOST_TEST(fs::exists(empty / "places.toml"));
    const auto again = adopt({"--to", empty, "places"}, empty);
    BOOST_TEST(again.output.contains("is the table of the resource places already"), again.output);
}
