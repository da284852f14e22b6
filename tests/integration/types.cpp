// Every type and attribute of docs/describing.md, from the wire to PostgreSQL and back.
#define BOOST_TEST_MODULE types
#include <array>
#include <filesystem>
#include <fstream>

#include "feed.hpp"
#include "fixture.hpp"

using namespace larder::test;
namespace fs = std::filesystem;

namespace {

constexpr auto samples = R"toml(title = "Sample"
id = "integer"
page = { default = 20, max = 50 }
primed = true

[fields]
text = { type = "text", filter = true, sort = true, search = true }
integer = { type = "integer", optional = true, filter = true, sort = true }
decimal = { type = "decimal", min = "-999.99", max = "999.99", scale = 2, optional = true, filter = true, sort = true }
boolean = { type = "boolean", default = true, filter = true }
date = { type = "date", optional = true, filter = true, sort = true }
timestamp = { type = "timestamp", optional = true, example = "2026-11-28T10:30:00+01:00", filter = true, sort = true }
datetime = { type = "datetime", optional = true, filter = true, sort = true }
float = { type = "float", optional = true, filter = true, sort = true }
uuid = { type = "uuid", optional = true, unique = true, filter = true, sort = true }
state = { type = "enum", values = ["draft", "sent"], default = "draft", column = "Der \"Zustand\"", filter = true, sort = true }
kind = { type = "enum", values = ["a", "b"], optional = true, filter = true, sort = true }
json = { type = "json", optional = true }
order = { type = "integer", read_only = true, optional = true, column = "user" }

[lists.sent]
where = '''"Der ""Zustand""" = 'sent' '''
order = ["-state", "kind", "-date", "text"]
)toml";

struct TypesStack : SharedStack {
    TypesStack() {
        auto database = stack().database();
        for (const auto* sql :
             {"CREATE TYPE public.kind AS ENUM ('b', 'a')",
              "CREATE TABLE public.samples (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
              " text text NOT NULL, integer bigint, decimal numeric, boolean boolean NOT NULL,"
              " date date, timestamp timestamptz, datetime timestamp, float double precision,"
              " uuid uuid UNIQUE, \"Der \"\"Zustand\"\"\" text NOT NULL, kind public.kind,"
              " json jsonb, \"user\" bigint GENERATED ALWAYS AS (integer % 1000 * 2) STORED)",
              "ALTER TABLE public.samples REPLICA IDENTITY FULL",
              "ALTER PUBLICATION larder ADD TABLE public.samples"}) {
            database.query(sql);
        }
        const auto directory = stack().directory() / "resources";
        fs::copy(source_directory() / "resources", directory);
        std::ofstream(directory / "samples.toml") << samples;
        for (const auto* command : {"restart-workers", "restart-feed", "reload"}) {
            const auto done = stack().script({command}, {{"RESOURCES_DIR", directory}});
            BOOST_REQUIRE_MESSAGE(done.status == 0, done.output);
        }
    }
};

/// What a member reads back as, of the created record and of the one in the database.
std::string read_back(const std::string& member, const std::string& value) {
    const auto response =
        api().post("/samples", R"({"text": "t", ")" + member + "\": " + value + '}');
    const Json created = expect_json(response, 201);
    const auto path = path_of("/samples", created);
    BOOST_TEST(api().get(path).body == response.body);
    expect_json(api().post("/cache/clear", ""), 200);
    BOOST_TEST(api().get(path).body == response.body);
    std::string text = response.body;
    const std::string key = '"' + member + "\":";
    const auto begin = text.find(key) + key.size();
    text = text.substr(begin);
    // The value ends where the next member of the description begins, or the record.
    const auto end = text.find(member == "json" ? ",\"order\":" : ",\"");
    return text.substr(0, std::min(end, text.size() - 1));
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(TypesStack);

BOOST_AUTO_TEST_CASE(every_value_reads_back_in_its_one_form) {
    const std::initializer_list<std::array<std::string, 3>> cases = {
        {"integer", "9223372036854775807", "9223372036854775807"},
        {"integer", "-9223372036854775808", "-9223372036854775808"},
        {"integer", "1.5e2", "150"},
        {"decimal", "24.90", "24.90"},
        {"decimal", "-999.99", "-999.99"},
        {"decimal", "1e2", "100"},
        {"boolean", "false", "false"},
        {"date", R"("0001-01-01")", R"("0001-01-01")"},
        {"date", R"("9999-12-31")", R"("9999-12-31")"},
        {"timestamp", R"("2026-11-28T10:30:00.250+01:00")", R"("2026-11-28T09:30:00.25Z")"},
        {"timestamp", R"("0001-01-01T00:00:00Z")", R"("0001-01-01T00:00:00Z")"},
        {"timestamp", R"("9999-12-31T23:59:59.999999Z")", R"("9999-12-31T23:59:59.999999Z")"},
        {"datetime", R"("2026-11-28T09:30:00.000001")", R"("2026-11-28T09:30:00.000001")"},
        {"datetime", R"("2026-11-28t09:30:00.0")", R"("2026-11-28T09:30:00")"},
        {"float", "0.1", "0.1"},
        {"float", "0.1000000000000000055511151231257827", "0.1"},
        {"float", "1.7976931348623157e308", "1.7976931348623157e+308"},
        {"float", "5e-324", "5e-324"},
        {"float", "3", "3"},
        {"uuid", R"("6F1D2C3B-4A59-4E68-8B77-90A1B2C3D4E5")",
         R"("6f1d2c3b-4a59-4e68-8b77-90a1b2c3d4e5")"},
        {"state", R"("sent")", R"("sent")"},
        {"kind", R"("a")", R"("a")"},
        {"json", R"({"b":1.50,"a":[null,true]})", R"({"a": [null, true], "b": 1.50})"},
        {"json", "[]", "[]"},
        {"json", "\"\\u00e4\"", "\"ä\""},
        {"json", "1e2", "100"}};
    for (const auto& [member, sent, kept] : cases) {
        BOOST_TEST_CONTEXT(member << ": " << sent) { BOOST_TEST(read_back(member, sent) == kept); }
    }
    for (const std::string member :
         {"integer", "date", "timestamp", "float", "uuid", "kind", "json"}) {
        BOOST_TEST_CONTEXT(member) { BOOST_TEST(read_back(member, "null") == "null"); }
    }
}

BOOST_AUTO_TEST_CASE(every_invalid_value_is_named) {
    expect_problem(api().post("/samples", R"({"integer": 9223372036854775808, "decimal": 0.001,
        "boolean": null, "date": "2026-02-29", "timestamp": "2026-11-28T09:30:00",
        "datetime": "2026-11-28T09:30:00Z", "float": 1e400, "uuid": "x", "state": "lost",
        "kind": "c", "json": {"n": [1e1000]}})"),
                   422,
                   {"/text", "/integer", "/decimal", "/boolean", "/date", "/timestamp", "/datetime",
                    "/float", "/uuid", "/state", "/kind", "/json/n/0"});
}

BOOST_AUTO_TEST_CASE(what_was_not_sent_has_its_default_and_what_the_database_gives_is_not_taken) {
    const Json made = create("/samples", R"({"text": "t", "integer": 21, "order": 5})");
    BOOST_TEST(made["boolean"].text() == "true");
    BOOST_TEST(made["state"].text() == "draft");
    BOOST_TEST(made["order"].number() == "42");
    const auto path = path_of("/samples", made);
    const Json changed = expect_json(api().put(path, R"({"order": 7, "integer": 1})"), 200);
    BOOST_TEST(changed["order"].number() == "2");
    // A whole record may be sent back, and what is ignored alone changes nothing.
    BOOST_TEST((expect_json(api().put(path, api().get(path).body), 200) == changed));
    BOOST_TEST((expect_json(api().put(path, R"({"order": 7})"), 200) == changed));
    expect_problem(api().put(path, R"({"state": null})"), 422, {"/state"});
}

BOOST_AUTO_TEST_CASE(a_merge_patch_merges_json_and_clears_with_null) {
    const Json made =
        create("/samples",
               R"({"text": "t", "date": "2026-11-28", "json": {"a": {"b": 1, "c": 2}, "d": 3}})");
    const auto path = path_of("/samples", made);
    const Json merged = expect_json(
        api().patch(path, R"({"date": null, "json": {"a": {"b": null, "e": [null]}, "d": 4}})"),
        200);
    BOOST_TEST(merged["date"].is(Json::Kind::null));
    BOOST_TEST((merged["json"] == R"({"a": {"c": 2, "e": [null]}, "d": 4})"_json));
    BOOST_TEST((expect_json(api().patch(path, R"({"json": [1]})"), 200)["json"] == "[1]"_json));
    BOOST_TEST((expect_json(api().patch(path, R"({"json": {"a": null, "b": {"c": null}}})"),
                            200)["json"] == R"({"b": {}})"_json));
    BOOST_TEST(
        expect_json(api().patch(path, R"({"json": null})"), 200)["json"].is(Json::Kind::null));
    BOOST_TEST((expect_json(api().patch(path, R"({"json": {"a": 1}})"), 200)["json"] ==
                R"({"a": 1})"_json));
    // PUT replaces the member as a whole.
    BOOST_TEST((expect_json(api().put(path, R"({"json": {"b": null}})"), 200)["json"] ==
                R"({"b": null})"_json));
}

BOOST_AUTO_TEST_CASE(one_value_in_two_spellings_is_a_duplicate) {
    const std::string lower = "0a1b2c3d-4a59-4e68-8b77-90a1b2c3d4e5";
    const std::string upper = "0A1B2C3D-4A59-4E68-8B77-90A1B2C3D4E5";
    const Json made = create("/samples", R"({"text": "t", "uuid": ")" + upper + "\"}");
    const auto refused = api().post("/samples", R"({"text": "t", "uuid": ")" + lower + "\"}");
    BOOST_TEST(expect_problem(refused, 409)["detail"].text().contains(lower));
    expect_problem(api().post("/samples", R"({"text": "t", "uuid": ")" + upper + "\"}"), 409);
    // A foreign edit frees it.
    BOOST_TEST_REQUIRE(eventually([] { return feed_follows(); }));
    stack().database().query("UPDATE samples SET uuid = NULL WHERE id = $1", {made["id"].text()});
    BOOST_TEST(eventually([&] {
        return api().post("/samples", R"({"text": "t", "uuid": ")" + upper + "\"}").status == 201;
    }));
}

BOOST_AUTO_TEST_CASE(what_was_written_past_the_workers_is_shown) {
    const Json made = create("/samples", R"({"text": "t"})");
    const auto path = path_of("/samples", made);
    BOOST_TEST(gets_cached(path));
    BOOST_TEST_REQUIRE(eventually([] { return feed_follows(); }));
    stack().database().query(
        "UPDATE samples SET timestamp = '2026-07-01 02:00:00+02', float = 'NaN',"
        " datetime = 'infinity', date = '2026-07-01', \"Der \"\"Zustand\"\"\" = 'sent'"
        " WHERE id = $1",
        {made["id"].text()});
    BOOST_TEST(comes_to_show(path, R"("timestamp":"2026-07-01T00:00:00Z")"));
    const Json shown = expect_json(api().get(path), 200);
    BOOST_TEST(shown["float"].text() == "NaN");
    BOOST_TEST(shown["datetime"].text() == "infinity");
    stack().database().query("UPDATE samples SET timestamp = '-infinity' WHERE id = $1",
                             {made["id"].text()});
    BOOST_TEST(comes_to_show(path, R"("timestamp":"-infinity")"));
    BOOST_TEST(
        !with_id(expect_json(api().get("/samples/sent"), 200), made["id"]).is(Json::Kind::missing));
    // No client could have sent these values, and the description does not have them.
    BOOST_TEST(api().del(path).status == 204);
}

BOOST_AUTO_TEST_CASE(a_list_is_as_long_as_its_page) {
    stack().database().query(
        "INSERT INTO samples (text, boolean, \"Der \"\"Zustand\"\"\")"
        " SELECT 't', true, 'draft' FROM generate_series(1, 60)");
    BOOST_TEST(eventually([] { return expect_json(api().get("/samples"), 200).size() == 20U; }));
    BOOST_TEST(expect_json(api().get("/samples?limit=50"), 200).size() == 50U);
    BOOST_TEST(expect_json(api().get("/samples?limit=7"), 200).size() == 7U);
    const auto refused = api().get("/samples?limit=51");
    BOOST_TEST(refused.status == 422);
    BOOST_TEST(refused.body.contains("must be a number from 1 to 50"));
}

BOOST_AUTO_TEST_CASE(it_is_described_and_true_to_that) {
    const auto description = expect_json(api().get("/openapi.json"), 200);
    const Json& members = description["components"]["schemas"]["Sample"]["properties"];
    BOOST_TEST(members["date"]["format"].text() == "date");
    BOOST_TEST(members["timestamp"]["format"].text() == "date-time");
    BOOST_TEST(members["uuid"]["format"].text() == "uuid");
    BOOST_TEST(members["boolean"]["default"].text() == "true");
    BOOST_TEST(members["order"]["readOnly"].text() == "true");
    BOOST_TEST(members["kind"]["enum"].size() == 3U);
    const auto finished = run({"node", LARDER_WEB_TESTS "/walk.mjs", api().base_url()});
    BOOST_TEST(finished.status == 0, finished.output);
}
