// docs/backup.md: a backup of a stack that serves, and what a restore makes of another one.
#define BOOST_TEST_MODULE backup
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "feed.hpp"
#include "fixture.hpp"
#include "load.hpp"

using namespace larder::test;
namespace fs = std::filesystem;

namespace {

constexpr auto boats = R"toml(title = "Boat"
id = "integer"
page = { default = 10 }

[fields]
name = { type = "text", max = 40, unique = true, filter = true }
sails = { type = "integer", optional = true, filter = true, sort = true }
log = { type = "json", optional = true }

[rights]
read = ["clerk"]
)toml";

fs::path descriptions() { return stack().directory() / "described-by-a-test"; }

/// Has a resource of its own, tokens, and a change of the database in a Sqitch project.
struct Source : SharedStack {
    Source() {
        fs::copy(source_directory() / "resources", descriptions());
        std::ofstream(descriptions() / "boats.toml") << boats;
        succeeds(stack(), {"apply"});
        for (int i = 1; i <= 30; ++i) {
            create("/boats", R"({"name": "Boat )" + std::to_string(i) + R"(", "sails": )" +
                                 std::to_string(i % 4) + R"(, "log": {"a": [1.50, "\""]}})");
        }
        // More than a pipe holds.
        stack().database().query(
            "INSERT INTO items (data) SELECT jsonb_build_object('n', n, 'text', md5(n::text) ||"
            " md5((n + 0.5)::text)) FROM generate_series(1, 20000) AS n");
        create("/employees", employee_with_id(unique_text("E")));
        create("/items", R"({"name": "Ж", "n": 24.90})");
    }

    static Finished script(const Stack& of, std::vector<std::string> arguments) {
        return of.script(std::move(arguments), {{"RESOURCES_DIR", descriptions()}});
    }
    static void succeeds(const Stack& of, std::vector<std::string> arguments) {
        const auto done = script(of, std::move(arguments));
        BOOST_REQUIRE_MESSAGE(done.status == 0, done.output);
    }
};

std::string token(const Stack& of, const std::string& name, const std::string& role = "admin") {
    const auto made = of.script({"token", "create", "--name", name, "--role", role});
    BOOST_REQUIRE_MESSAGE(made.status == 0, made.output);
    for (const auto& line : lines_in(made.output)) {
        if (line.starts_with("larder_")) return line;
    }
    BOOST_FAIL("no token in: " + made.output);
    return {};
}

HeaderLines csv(const std::string& token) {
    return {"Authorization: Bearer " + token, "Accept: text/csv"};
}

HeaderLines bearer(const std::string& token) { return {"Authorization: Bearer " + token}; }

/// Writable for the account of the stack.
fs::path new_file(const std::string& name) {
    const auto path = stack().directory() / "stack" / (name + ".backup");
    fs::remove(path);
    return path;
}

fs::path backed_up(const std::string& name) {
    const auto file = new_file(name);
    const auto done = stack().script({"backup", file});
    BOOST_REQUIRE_MESSAGE(done.status == 0, done.output);
    const auto owners = fs::perms::owner_read | fs::perms::owner_write;
    BOOST_TEST((fs::status(file).permissions() == owners));
    return file;
}

/// What is in each table, and where each sequence is, as one text each. Epochs differ.
std::map<std::string, std::string> contents(const Stack& of) {
    auto database = of.database();
    std::map<std::string, std::string> all;
    for (const auto& row : database.query(
             "SELECT c.oid::regclass, c.relkind FROM pg_class AS c, pg_namespace AS n WHERE"
             " relnamespace = n.oid AND relkind IN ('r', 'S') AND nspname NOT LIKE 'pg\\_%' AND"
             " nspname <> 'information_schema' AND relname NOT IN ('epoch', 'token_uses')")) {
        all[row[0]] = row[1] == "S"
                          ? database.value("SELECT last_value || ' ' || is_called FROM " + row[0])
                          : database.value(
                                "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, E'\\n'"
                                " ORDER BY t::text COLLATE \"C\")), '') FROM " +
                                row[0] + " AS t");
    }
    return all;
}

/// What `larder-worker --diagnose`, most of `larder check`, says.
Finished diagnosis(const Stack& of) {
    const auto now = of.status();
    return run({program_directory() / "larder-worker", "--diagnose"},
               {{"DATABASE_URL", now.at("database_url")},
                {"REDIS_URL", now.at("redis_url")},
                {"RUN_DIR", now.at("run_dir")},
                {"RESOURCES_DIR", of.directory() / "stack" / "resources"}});
}

std::string list_of(const fs::path& file) { return run({"tar", "-tf", file.string()}).output; }

std::string member(const fs::path& file, const std::string& name) {
    return run({"tar", "-xOf", file.string(), name}).output;
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Source);

BOOST_AUTO_TEST_CASE(a_backup_is_whole_and_disturbs_no_request) {
    Load load(api(), 4, Writes::yes);
    const long before = load.count();
    const auto file = backed_up("under-load");
    BOOST_TEST(eventually([&] { return load.count() > before + 100; }));
    const auto tally = load.stop();
    BOOST_TEST(tally.only_success(), tally.summary());

    const auto members = list_of(file);
    for (const auto* name : {"manifest", "SHA256SUMS", "settings.env", "database.dump",
                             "resources/boats.toml", "resources/items.toml", "sql/sqitch.plan"}) {
        BOOST_TEST(members.contains(name), members);
    }
    BOOST_TEST(member(file, "resources/boats.toml") == boats);
    BOOST_TEST(member(file, "settings.env").contains("API_PORT=\""));
    BOOST_TEST(member(file, "settings.env").contains("# DATABASE_URL is set"));
    // Nothing of the attempt is left.
    for (const auto& entry : fs::directory_iterator(file.parent_path())) {
        BOOST_TEST(!entry.path().filename().string().starts_with("."), entry.path());
    }
    const auto again = stack().script({"backup", file});
    BOOST_TEST(again.status == 1);
    BOOST_TEST(again.output.contains("exists"), again.output);
    const auto nowhere = stack().script({"backup", "/nonexistent/file"});
    BOOST_TEST(nowhere.status == 1);
    BOOST_TEST(nowhere.output.contains("/nonexistent"), nowhere.output);
}

BOOST_AUTO_TEST_CASE(a_restore_gives_every_row_and_every_token) {
    const auto kept = token(stack(), "kept", "clerk");
    const auto gone = token(stack(), "gone");
    BOOST_TEST(stack().script({"token", "revoke", "gone"}).status == 0);
    const auto file = backed_up("quiet");
    const auto expected = contents(stack());
    const auto late = token(stack(), "late");

    const Stack other(Environment{{"AUTH", "on"}});
    const auto own = token(other, "own");
    const auto& client = other.client();
    // Something of it is cached, in both tiers, and the feed is at work.
    const auto product =
        expect_json(client.post("/products", larder::test::product("Old"), bearer(own)), 201);
    const auto path = path_of("/products", product);
    BOOST_TEST(eventually([&] {
        return client.get("/products", bearer(own)).header("X-Cache") == "HIT" &&
               client.get(path, bearer(own)).header("X-Cache") == "HIT";
    }));

    const auto refused = other.script({"restore", file});
    BOOST_TEST(refused.status == 1);
    BOOST_TEST(refused.output.contains("--replace larder"), refused.output);
    const auto misnamed = other.script({"restore", file, "--replace", "lader"});
    BOOST_TEST(misnamed.status == 1);
    BOOST_TEST(misnamed.output.contains("the database is larder"), misnamed.output);
    BOOST_TEST(client.get(path, bearer(own)).status == 200);

    const auto epoch = std::stoll(other.database().value("SELECT value FROM larder.epoch"));
    const auto done = other.script({"restore", file, "--replace", "larder"});
    BOOST_REQUIRE_MESSAGE(done.status == 0, done.output);
    for (const auto& [name, content] : expected) {
        BOOST_TEST_CONTEXT(name) { BOOST_TEST(contents(other)[name] == content); }
    }
    BOOST_TEST(contents(other).size() == expected.size());
    BOOST_TEST(std::stoll(other.database().value("SELECT value FROM larder.epoch")) > epoch);

    for (const auto& invalid : {gone, late, own}) {
        BOOST_TEST(client.get("/boats", bearer(invalid)).status == 401);
        BOOST_TEST(client.get("/products", bearer(invalid)).status == 401);
        BOOST_TEST(client.get("/boats", csv(invalid)).status == 401);
    }
    BOOST_TEST(expect_json(client.get("/boats", bearer(kept)), 200).size() == 10U);
    BOOST_TEST(client.get("/products", bearer(kept)).status == 403);
    BOOST_TEST(client.get("/products", csv(kept)).status == 403);
    // nginx's former processes do not know this list.
    BOOST_TEST(eventually([&] {
        const auto exported = client.get("/boats", csv(kept));
        return exported.header("Content-Type").starts_with("text/csv") &&
               std::ranges::count(exported.body, '\n') == 31;
    }));
    BOOST_TEST(client.get("/boats", {"Accept: text/csv"}).status == 401);
    const auto admin = token(other, "new");
    BOOST_TEST(client.get(path, bearer(admin)).status == 404);
    BOOST_TEST(client.get("/products", bearer(admin)).body == api().get("/products").body);
    BOOST_TEST(client.get("/boats?sails=2&sort=-sails", bearer(admin)).body ==
               api().get("/boats?sails=2&sort=-sails").body);

    // Sequences go on, the feed follows, and there is nothing left to do.
    const auto made = expect_json(client.post("/boats", R"({"name": "Next"})", bearer(admin)), 201);
    BOOST_TEST(made["id"].number() == "31");
    expect_problem(client.post("/boats", R"({"name": "Boat 1"})", bearer(admin)), 409);
    const auto boat = path_of("/boats", made);
    BOOST_TEST(
        eventually([&] { return client.get(boat, bearer(admin)).header("X-Cache") == "HIT"; }));
    BOOST_TEST(eventually([&] { return feed_follows(client); }));
    other.database().query("UPDATE boats SET name = 'Foreign' WHERE id = 31");
    BOOST_TEST(eventually([&] {
        return expect_json(client.get(boat, bearer(admin)), 200)["name"].string() == "Foreign";
    }));
    const auto plan = Source::script(other, {"plan"});
    BOOST_TEST(plan.status == 0, plan.output);
    const auto found = diagnosis(other);
    BOOST_TEST(found.status == 0, found.output);
    BOOST_TEST(!found.output.contains("problem:"), found.output);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_restored_changes_nothing) {
    const auto whole = backed_up("whole");
    const auto before = contents(stack());
    const auto workers = stack().pids("worker");
    std::string text;
    {
        std::ifstream file(whole, std::ios::binary);
        text.assign(std::istreambuf_iterator<char>(file), {});
    }
    auto flipped = text;
    flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 1);
    const std::map<std::string, std::string> broken = {{"flipped", flipped},
                                                       {"cut", text.substr(0, text.size() / 2)},
                                                       {"other", "no tar"},
                                                       {"empty", ""}};
    for (const auto& [name, content] : broken) {
        BOOST_TEST_CONTEXT(name) {
            const auto file = new_file(name);
            std::ofstream(file, std::ios::binary) << content;
            const auto done = stack().script({"restore", file, "--replace", "larder"});
            BOOST_TEST(done.status == 1);
            BOOST_TEST(done.output.contains(file.string()), done.output);
            BOOST_TEST(stack().pids("worker") == workers);
        }
    }
    // Of a Larder that has a later schema.
    stack().database().query(
        "INSERT INTO sqitch.changes (change_id, change, project, committer_name, committer_email,"
        " planned_at, planner_name, planner_email)"
        " VALUES ('later', 'later', 'larder', 't', 't', now(), 't', 't')");
    const auto later = backed_up("later");
    stack().database().query("DELETE FROM sqitch.changes WHERE change = 'later'");
    const auto refused = stack().script({"restore", later, "--replace", "larder"});
    BOOST_TEST(refused.status == 1);
    BOOST_TEST(refused.output.contains("the change 'later'"), refused.output);
    BOOST_TEST(stack().pids("worker") == workers);
    BOOST_TEST((contents(stack()) == before));
    for (const std::vector<std::string>& wrong : std::initializer_list<std::vector<std::string>>{
             {"restore"},
             {"restore", "/nonexistent"},
             {"restore", whole, "--replace"},
             {"restore", whole, "--replace="},
             {"restore", whole, "--what"},
             {"restore", whole, later, "--replace", "larder"},
             {"backup"},
             {"backup", "--replace", "larder", new_file("none")},
             {"backup", new_file("none"), new_file("none")}}) {
        BOOST_TEST(stack().script(wrong).status == 1);
    }
    // In any order, which name is refused shows that it was read.
    for (const std::vector<std::string>& other : std::initializer_list<std::vector<std::string>>{
             {"restore", "--replace", "other", whole},
             {"restore", "--replace=other", whole},
             {"restore", whole, "--replace=other"},
             {"restore", "--replace", "other", "--", whole}}) {
        const auto named = stack().script(other);
        BOOST_TEST(named.status == 1);
        BOOST_TEST(named.output.contains("--replace other: the database is larder"), named.output);
    }
    BOOST_TEST(!fs::exists(new_file("none")));

    // At the last step: what the host has cached cannot be forgotten.
    const auto hold = fs::path(stack().status().at("run_dir")) / "hold";
    fs::create_directory(hold);
    const auto failed = stack().script({"restore", whole, "--replace", "larder"});
    fs::remove(hold);
    BOOST_TEST(failed.status == 1);
    BOOST_TEST(failed.output.contains("as it was"), failed.output);
    BOOST_TEST((contents(stack()) == before));
    BOOST_TEST(eventually([] { return api().get("/boats").status == 200; }));
    BOOST_TEST(eventually([] { return feed_follows(); }));

    // A step later: Redis, which is left alone by then, is used again.
    const auto access = hold.parent_path() / "access";
    fs::rename(access, hold.parent_path() / "kept");
    fs::create_directories(access / "in-the-way");
    const auto late = stack().script({"restore", whole, "--replace", "larder"});
    fs::remove_all(access);
    fs::rename(hold.parent_path() / "kept", access);
    BOOST_TEST(late.status == 1);
    BOOST_TEST(late.output.contains("as it was"), late.output);
    BOOST_TEST((contents(stack()) == before));
    BOOST_TEST(!fs::exists(hold));
    BOOST_TEST(eventually([] { return api().get("/boats").status == 200; }));
    BOOST_TEST(eventually([] { return feed_follows(); }));
}

BOOST_AUTO_TEST_CASE(workers_of_another_host_are_not_pulled_the_tables_away) {
    const auto file = backed_up("connected");
    const auto before = contents(stack());
    auto of_another_host = stack().database();
    of_another_host.query("SET application_name = 'larder-worker'");
    const auto refused = stack().script({"restore", file, "--replace", "larder"});
    BOOST_TEST(refused.status == 1);
    BOOST_TEST(refused.output.contains("larder-worker is connected"), refused.output);
    BOOST_TEST((contents(stack()) == before));
    BOOST_TEST(eventually([] { return api().get("/boats").status == 200; }));
}

BOOST_AUTO_TEST_CASE(an_empty_database_need_not_be_named) {
    const auto file = backed_up("for-an-empty-one");
    const Stack empty(Environment{{"STACK_SEED", "0"}});
    BOOST_TEST(empty.client().get("/employees").body == "[]");
    const auto done = empty.script({"restore", file});
    BOOST_REQUIRE_MESSAGE(done.status == 0, done.output);
    BOOST_TEST((contents(empty) == contents(stack())));
    BOOST_TEST(empty.client().get("/employees").body == api().get("/employees").body);
}

BOOST_AUTO_TEST_CASE(objects_of_every_kind_are_replaced) {
    auto database = stack().database();
    for (const std::string sql :
         {"CREATE SCHEMA of_an_extension", "CREATE EXTENSION citext SCHEMA of_an_extension",
          "CREATE TABLE of_an_extension.notes (text of_an_extension.citext)",
          "CREATE COLLATION public.same (locale = 'C')",
          "CREATE TEXT SEARCH CONFIGURATION public.words (COPY = simple)",
          "CREATE FUNCTION public.both(int, text) RETURNS bool LANGUAGE sql AS 'SELECT true'",
          "CREATE OPERATOR public.=== (LEFTARG = int, RIGHTARG = text, FUNCTION = public.both)",
          "INSERT INTO of_an_extension.notes VALUES (lo_from_bytea(4711, 'large'))"}) {
        database.query(sql);
    }
    const auto before = contents(stack());
    const auto file = backed_up("every-kind");
    // Over themselves, where all of them are in the way.
    for (int i = 0; i < 2; ++i) {
        const auto done = Source::script(stack(), {"restore", file, "--replace", "larder"});
        BOOST_REQUIRE_MESSAGE(done.status == 0, done.output);
        BOOST_TEST((contents(stack()) == before));
    }
    BOOST_TEST(stack().database().value("SELECT convert_from(lo_get(4711), 'UTF8')") == "large");
}

BOOST_AUTO_TEST_CASE(what_came_after_the_backup_is_gone) {
    const auto file = backed_up("former");
    const auto expected = contents(stack());
    create("/boats", R"({"name": "Too late"})");
    auto database = stack().database();
    database.query("CREATE TABLE later (boat bigint REFERENCES boats)");
    database.query("CREATE VIEW later_view AS SELECT name FROM boats");
    database.query("CREATE SCHEMA later");
    database.query("CREATE TYPE later.mood AS ENUM ('good')");
    const auto path = "/boats/" + database.value("SELECT max(id) FROM boats");
    BOOST_TEST(eventually([&] { return api().get(path).header("X-Cache") == "HIT"; }));
    BOOST_TEST(api().get("/boats?name=Too%20late").status == 200);
    BOOST_TEST(api().get("/boats?name=Too%20late").header("X-Cache") == "HIT");

    const auto done = stack().script({"restore", file, "--replace", "larder"});
    BOOST_REQUIRE_MESSAGE(done.status == 0, done.output);
    BOOST_TEST(api().get(path).status == 404);
    BOOST_TEST(api().get("/boats?name=Too%20late").body == "[]");
    BOOST_TEST(contents(stack()).size() == expected.size());
    BOOST_TEST(stack().database().value("SELECT to_regclass('later_view') IS NULL") == "t");
    BOOST_TEST(eventually([] { return feed_follows(); }));
}
