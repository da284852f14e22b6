// larder-token over a real PostgreSQL and a real RUN_DIR, and what it leaves for those who judge.
#define BOOST_TEST_MODULE tokens
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <map>

#include "access/jwt.hpp"
#include "access/load_tokens.hpp"
#include "access/secret.hpp"
#include "fixture.hpp"
#include "support/jwt_maker.hpp"
#include "support/temporary_directory.hpp"

using namespace larder::access;
using namespace larder::test;
namespace fs = std::filesystem;

namespace {

using Arguments = std::vector<std::string>;

/// A new directory that the account of the stack may enter; removed with all that is in it.
class Directory {
public:
    Directory() : path_(temporary_directory("larder-tokens")) {}
    ~Directory() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    [[nodiscard]] const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

/// Of the stack, which stays as it is.
const std::map<std::string, std::string>& status() {
    static const auto known = stack().status();
    return known;
}

Finished token(Arguments arguments, Environment changes = {}) {
    arguments.insert(arguments.begin(), "token");
    return stack().script(std::move(arguments), std::move(changes));
}

/// What has to succeed.
std::string done(const Finished& finished) {
    BOOST_REQUIRE_MESSAGE(finished.status == 0, finished.output);
    return finished.output;
}

/// What has to fail with exactly this line, and to change nothing.
void expect_refused(const Finished& finished, const std::string& why) {
    BOOST_TEST(finished.status == 1);
    BOOST_TEST(finished.output.contains(why), finished.output);
}

/// The one line of an output that is a token.
std::string secret_in(const std::string& output) {
    std::vector<std::string> secrets = lines_in(output);
    std::erase_if(secrets, [](const std::string& line) { return !is_own_token(line); });
    BOOST_REQUIRE(secrets.size() == 1U);
    return secrets.front();
}

std::string create(const std::string& name, Arguments further = {"--role", "clerk"}) {
    further.insert(further.begin(), {"create", "--name", name});
    return secret_in(done(token(further)));
}

Generation generation() { return Generation(status().at("run_dir")); }

/// The table as a worker reads it now.
LoadedTokens load() {
    larder::Database database(status().at("database_url"), true);
    larder::Session session(database);
    auto loaded = load_tokens(session, generation());
    BOOST_REQUIRE(loaded.has_value());
    return std::move(*loaded);
}

std::int64_t now() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

Verdict judged(const std::string& secret) { return load().table.judge(secret, now()); }

bool is_refused(const std::string& secret, Refusal why) {
    const auto verdict = judged(secret);
    return !verdict && verdict.error() == why;
}

Json named(const Json& tokens, const std::string& name) {
    const auto found = std::ranges::find_if(
        tokens.elements(), [&](const Json& one) { return one["name"].string() == name; });
    return found == tokens.elements().end() ? Json() : *found;
}

std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Runs the program itself, not by way of the scripts.
Finished program(Arguments arguments, const Environment& changes = {}) {
    arguments.insert(arguments.begin(), program_directory() / "larder-token");
    Environment environment = changes;
    environment.insert(
        {{"DATABASE_URL", status().at("database_url")}, {"RUN_DIR", status().at("run_dir")}});
    return run(arguments, environment);
}

std::string count_of_tokens() {
    return stack().database().value("SELECT count(*) FROM larder.tokens");
}

/// Without a feed, which begins generations of its own for what the command has committed.
struct StackWithoutFeed : SharedStack {
    StackWithoutFeed() : SharedStack(Environment{{"LARDER_FEED", "/nowhere/larder-feed"}}) {}
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(StackWithoutFeed);

BOOST_AUTO_TEST_CASE(a_token_is_shown_once_and_stands_for_its_roles) {
    const auto output = done(token({"create", "--name", "ci", "--role", "clerk", "--role",
                                    "auditor", "--role", "clerk", "--expires", "90d"}));
    const auto secret = secret_in(output);
    BOOST_TEST(output.contains("'ci'"), output);
    BOOST_TEST(output.contains("auditor, clerk"), output);
    const auto verdict = judged(secret);
    BOOST_REQUIRE(verdict.has_value());
    BOOST_TEST(verdict->name == "ci");
    BOOST_TEST((verdict->roles == Roles{"auditor", "clerk"}));
    BOOST_TEST(verdict->expires.value() > now() + 89 * 86400);
    BOOST_TEST(verdict->expires.value() <= now() + 90 * 86400);

    // No part of it but the prefix is in the database, in a list, or in a log.
    const auto part = secret.substr(token_prefix.size(), 12);
    auto database = stack().database();
    BOOST_TEST(database.value("SELECT count(*) FROM larder.tokens AS t WHERE t::text LIKE '%' || $1"
                              " || '%' OR encode(t.hash, 'escape') LIKE '%' || $1 || '%'",
                              {part}) == "0");
    BOOST_TEST(database.value("SELECT encode(hash, 'hex') FROM larder.tokens WHERE name = 'ci'") ==
               to_hex(sha256(secret)));
    BOOST_TEST(!done(token({"list"})).contains(part));
    BOOST_TEST(!done(token({"list", "--all", "--json"})).contains(part));
    for (const auto& entry : fs::recursive_directory_iterator(stack().directory())) {
        if (entry.path().extension() != ".log") continue;
        BOOST_TEST(!text_of(entry.path()).contains(part), entry.path().string());
    }
    done(token({"revoke", "ci"}));
}

BOOST_AUTO_TEST_CASE(a_revoked_token_is_unknown_and_its_name_is_free) {
    const auto secret = create("short-lived");
    const auto former = load();
    BOOST_TEST(former.may_keep);
    BOOST_TEST(former.table.judge(secret, now()).has_value());
    const auto output = done(token({"revoke", "short-lived"}));
    BOOST_TEST(output.contains("is revoked since"), output);
    BOOST_TEST(generation().current() != former.generation);
    BOOST_TEST(is_refused(secret, Refusal::unknown));

    expect_refused(token({"revoke", "short-lived"}), "there is no token 'short-lived'");
    const auto next = create("short-lived");
    BOOST_TEST(judged(next).has_value());
    BOOST_TEST(is_refused(secret, Refusal::unknown));
    done(token({"revoke", "short-lived"}));
}

BOOST_AUTO_TEST_CASE(a_token_is_revoked_by_its_number_and_twice_does_no_harm) {
    const auto secret = create("numbered");
    const auto id = Json::parse(done(token({"list", "--json"})));
    const auto number = named(id, "numbered")["id"].number();
    const auto first = Json::parse(done(token({"revoke", number, "--json"})));
    BOOST_TEST(first["state"].string() == "revoked");
    const auto former = generation().current();
    BOOST_TEST(done(token({"revoke", number})).contains("was revoked before"));
    // The answer of the first time may have been lost, and so may its swap: not this one.
    BOOST_TEST(generation().current() != former);
    const auto again = Json::parse(done(token({"revoke", number, "--json"})));
    BOOST_TEST(again["revoked"].string() == first["revoked"].string());
    BOOST_TEST(is_refused(secret, Refusal::unknown));
}

// The window between the swap and the moment at which the change can be seen.
BOOST_AUTO_TEST_CASE(nothing_may_be_kept_between_the_swap_and_the_commit) {
    const auto secret = create("in-the-window");
    auto database = stack().database();
    // No wait for a lock, which would have a limit.
    database.query(
        "CREATE FUNCTION wait_in_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " WHILE NOT pg_try_advisory_xact_lock_shared(4711) LOOP PERFORM pg_sleep(0.02); END LOOP;"
        " RETURN NULL; END $$");
    database.query(
        "CREATE CONSTRAINT TRIGGER wait AFTER UPDATE ON larder.tokens DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION wait_in_commit()");
    auto holder = stack().database();
    holder.query("BEGIN");
    holder.query("SELECT pg_advisory_xact_lock(4711)");
    const auto former = generation().current();
    auto revoking =
        std::async(std::launch::async, [] { return token({"revoke", "in-the-window"}); });
    const bool has_swapped = eventually([&] { return generation().current() != former; });
    BOOST_TEST(has_swapped);
    const auto during = load();
    // It is right for what came before, and for nothing that comes later.
    BOOST_TEST(during.table.judge(secret, now()).has_value());
    BOOST_TEST(!during.may_keep);
    holder.query("COMMIT");
    done(revoking.get());
    const auto after = load();
    BOOST_TEST(after.may_keep);
    BOOST_TEST(!after.table.judge(secret, now()).has_value());
    database.query("DROP TRIGGER wait ON larder.tokens");
    database.query("DROP FUNCTION wait_in_commit()");
}

BOOST_AUTO_TEST_CASE(a_new_token_is_known_at_once) {
    const auto former = load();
    const auto secret = create("new");
    BOOST_TEST(generation().current() != former.generation);
    const auto after = load();
    BOOST_TEST(after.may_keep);
    BOOST_TEST(after.generation == generation().current());
    BOOST_TEST(after.table.judge(secret, now()).has_value());
    done(token({"revoke", "new"}));
}

BOOST_AUTO_TEST_CASE(an_expired_token_is_told_as_such) {
    const auto secret = create("old", {"--role", "clerk", "--expires", "2099-12-31"});
    BOOST_TEST(named(Json::parse(done(token({"list", "--json"}))), "old")["expires"].string() ==
               "2099-12-31T00:00:00Z");
    stack().database().query(
        "UPDATE larder.tokens SET expires = now() - interval '1 s' WHERE name = 'old'");
    BOOST_TEST(is_refused(secret, Refusal::expired));
    BOOST_TEST(named(Json::parse(done(token({"list", "--json"}))), "old")["state"].string() ==
               "expired");
    // Its name is taken until it is revoked.
    expect_refused(token({"create", "--name", "old", "--role", "clerk"}),
                   "larder token revoke old");
    done(token({"revoke", "old"}));
}

BOOST_AUTO_TEST_CASE(lists_for_people_and_for_programs) {
    create("listed", {"--role", "b", "--role", "a"});
    stack().database().query(
        "INSERT INTO larder.token_uses SELECT id, '2026-11-28T10:00:00Z' FROM larder.tokens"
        " WHERE name = 'listed' AND revoked IS NULL");
    const auto lines = lines_in(done(token({"list"})));
    BOOST_REQUIRE(lines.size() >= 2U);
    BOOST_TEST(lines[0].starts_with("ID"));
    const auto line = std::ranges::find_if(
        lines, [](const std::string& one) { return one.contains(" listed "); });
    BOOST_REQUIRE((line != lines.end()));
    BOOST_TEST(line->contains("valid"), *line);
    BOOST_TEST(line->contains("a,b"), *line);
    BOOST_TEST(line->contains("never"), *line);
    BOOST_TEST(line->ends_with("2026-11-28T10:00:00Z"), *line);
    const auto json = named(Json::parse(done(token({"list", "--json"}))), "listed");
    BOOST_TEST(json["roles"] == R"(["a", "b"])"_json);
    BOOST_TEST(json["expires"].is(Json::Kind::null));
    BOOST_TEST(json["used"].string() == "2026-11-28T10:00:00Z");
    done(token({"revoke", "listed"}));
    BOOST_TEST(
        named(Json::parse(done(token({"list", "--json"}))), "listed").is(Json::Kind::missing));
    BOOST_TEST(
        named(Json::parse(done(token({"list", "--all", "--json"}))), "listed")["state"].string() ==
        "revoked");

    // The note on the standard error comes after it.
    const auto output = done(token({"create", "--name", "by-json", "--role", "clerk", "--json"}));
    const auto made = Json::parse(output.substr(0, output.find("\n}") + 2));
    BOOST_TEST(is_own_token(made["token"].string()));
    BOOST_TEST(made["state"].string() == "valid");
    done(token({"revoke", "by-json"}));
}

BOOST_AUTO_TEST_CASE(mistakes_are_named_and_change_nothing) {
    const auto count = count_of_tokens();
    const auto former = generation().current();
    const auto refused = [](const Arguments& arguments, const std::string& why) {
        expect_refused(program(arguments), why);
    };
    refused({"create", "--name", "7", "--role", "clerk"}, "'7' is no name of a token");
    refused({"create", "--name", "a b", "--role", "clerk"}, "'a?b' is no name");
    refused({"create", "--name", "", "--role", "clerk"}, "'' is no name");
    refused({"create", "--name", "x", "--role", "a,b"}, "'a,b' is no role");
    refused({"create", "--name", "x", "--role", "anyone"}, "'anyone' is no role");
    refused({"create", "--name", "x", "--role", ""}, "'' is no role");
    refused({"create", "--name", "x", "--role", "clerk", "--expires", "soon"}, "such as 90d");
    refused({"create", "--name", "x", "--role", "clerk", "--expires", ""}, "such as 90d");
    refused({"create", "--name", "x", "--role", "clerk", "--expires", "2020-01-01"},
            "not in the future");
    refused({"revoke", "nobody"}, "there is no token 'nobody'");
    refused({"revoke", "999999"}, "there is no token '999999'");
    refused({"revoke", "99999999999999999999"}, "neither a name nor a number");
    refused({"revoke", "-1"}, "");
    for (const Arguments& arguments : {Arguments{},
                                       {"create"},
                                       {"create", "--name", "x"},
                                       {"create", "--role", "x"},
                                       {"revoke"},
                                       {"list", "x"},
                                       {"unknown"},
                                       {"create", "--name", "x", "--role", "y", "z"}}) {
        BOOST_TEST(program(arguments).status != 0);
    }
    BOOST_TEST(count_of_tokens() == count);
    BOOST_TEST(generation().current() == former);
}

// What an operator pastes by mistake is not repeated.
BOOST_AUTO_TEST_CASE(no_message_has_a_token) {
    const auto secret = make_token().value();
    for (const Arguments& arguments :
         {Arguments{"revoke", secret},
          {"create", "--name", secret, "--role", "clerk"},
          {"create", "--name", "x" + secret, "--role", "clerk"},
          {"create", "--name", "x", "--role", secret + secret},
          {"create", "--name", "x", "--role", "clerk", "--expires", secret},
          {"revoke", "ci", secret},
          {"revoke", "--token=" + secret},
          {"create", "--name", "x", "--role", "clerk", secret},
          {"list", secret},
          {secret}}) {
        const auto refused = program(arguments);
        BOOST_TEST(refused.status != 0);
        BOOST_TEST(!refused.output.contains(secret.substr(7)), refused.output);
    }
    BOOST_TEST(program({"revoke", secret}).output.contains("shell's history"));
}

BOOST_AUTO_TEST_CASE(a_name_is_taken_once) {
    create("taken");
    const auto count = count_of_tokens();
    expect_refused(token({"create", "--name", "taken", "--role", "clerk"}),
                   "there is a token 'taken'");
    BOOST_TEST(count_of_tokens() == count);
    const auto made = in_parallel(4, [](std::size_t) {
        return token({"create", "--name", "contended", "--role", "clerk"}).status;
    });
    BOOST_TEST(std::ranges::count(made, 0) == 1);
    done(token({"revoke", "taken"}));
    done(token({"revoke", "contended"}));
}

BOOST_AUTO_TEST_CASE(a_swap_that_fails_changes_nothing) {
    const auto secret = create("kept");
    const Directory directory;
    const auto file = directory.path() / "no directory";
    std::ofstream(file) << "x";
    const auto count = count_of_tokens();
    const Environment broken = {{"RUN_DIR", file}};
    expect_refused(program({"revoke", "kept"}, broken), "cannot swap the generation of access");
    expect_refused(program({"create", "--name", "x", "--role", "clerk"}, broken), "cannot swap");
    BOOST_TEST(judged(secret).has_value());
    BOOST_TEST(count_of_tokens() == count);
    done(token({"revoke", "kept"}));
}

BOOST_AUTO_TEST_CASE(a_host_where_nothing_runs_is_told) {
    const Environment elsewhere = {{"RUN_DIR", "/nowhere/run"}};
    const auto output =
        done(program({"create", "--name", "elsewhere", "--role", "clerk"}, elsewhere));
    BOOST_TEST(output.contains("nothing of Larder runs on this host"), output);
    BOOST_TEST(judged(secret_in(output)).has_value());
    done(token({"revoke", "elsewhere"}));
}

BOOST_AUTO_TEST_CASE(an_outage_is_told_as_such) {
    const Environment away = {{"DATABASE_URL", "postgresql:///larder?host=/nowhere"}};
    for (const Arguments& arguments :
         {Arguments{"list"}, {"revoke", "ci"}, {"create", "--name", "x", "--role", "clerk"}}) {
        const auto refused = program(arguments, away);
        expect_refused(refused, "larder-token: PostgreSQL: ");
        BOOST_TEST(!refused.output.contains("larder_"), refused.output);
    }
    auto database = stack().database();
    database.query("ALTER TABLE larder.tokens RENAME TO away");
    expect_refused(program({"list"}), "the migrations have run");
    database.query("ALTER TABLE larder.away RENAME TO tokens");
}

BOOST_AUTO_TEST_CASE(a_lock_of_another_is_waited_for) {
    create("locked");
    auto holder = stack().database();
    holder.query("BEGIN");
    holder.query("SELECT FROM larder.tokens WHERE name = 'locked' FOR UPDATE");
    expect_refused(program({"revoke", "locked"}), "has locked larder.tokens");
    holder.query("COMMIT");
    done(token({"revoke", "locked"}));
}

BOOST_AUTO_TEST_CASE(the_command_of_a_host_runs_it) {
    const Directory directory;
    const auto settings = directory.path() / "larder.env";
    std::ofstream(settings) << "DATABASE_URL=" << status().at("database_url")
                            << "\nRUN_DIR=" << status().at("run_dir") << "\n";
    struct stat owner{};
    BOOST_REQUIRE(stat(status().at("run_dir").c_str(), &owner) == 0);
    const auto account = run({"id", "-nu", std::to_string(owner.st_uid)}).output;
    const auto larder = [&](Arguments arguments) {
        arguments.insert(arguments.begin(), {source_directory() / "scripts" / "larder", "token"});
        return run(arguments, {{"LARDER_SETTINGS", settings},
                               {"LARDER_ACCOUNT", account.substr(0, account.find('\n'))},
                               {"LARDER_WORKER", program_directory() / "larder-worker"},
                               {"LARDER_FEED", program_directory() / "larder-feed"}});
    };
    const auto secret =
        secret_in(done(larder({"create", "--name", "by-larder", "--role", "clerk"})));
    BOOST_TEST(judged(secret).has_value());
    // What it makes in RUN_DIR is the account's own, so that workers can work in it.
    struct stat made{};
    BOOST_REQUIRE(stat((status().at("run_dir") + "/access/.").c_str(), &made) == 0);
    BOOST_TEST(made.st_uid == owner.st_uid);
    BOOST_TEST((made.st_mode & 0027U) == 0U);
    BOOST_TEST(done(larder({"list"})).contains("by-larder"));
    done(larder({"revoke", "by-larder"}));
    BOOST_TEST(is_refused(secret, Refusal::unknown));
}

BOOST_AUTO_TEST_CASE(keys_are_checked_and_read_anew) {
    const Directory directory;
    const auto path = directory.path() / "keys.json";
    const Environment settings = {
        {"AUTH_JWKS", path}, {"AUTH_ISSUER", "https://id.example"}, {"AUTH_AUDIENCE", "larder"}};
    const auto former = generation().current();
    expect_refused(token({"reload-keys"}), "AUTH_JWKS is not set");
    expect_refused(token({"reload-keys"}, settings), "No such file");
    std::ofstream(path) << "{";
    expect_refused(token({"reload-keys"}, settings), "keys.json: it is not JSON");
    BOOST_TEST(generation().current() == former);
    std::ofstream(path) << key_set_of({JwtMaker::ed25519().jwk(R"("kid":"first")"),
                                       JwtMaker::rsa().jwk(R"("alg":"PS256")"),
                                       JwtMaker::p384().jwk(R"("kid":"odd")")});
    fs::permissions(path, fs::perms::others_read, fs::perm_options::add);
    const auto output = done(token({"reload-keys"}, settings));
    BOOST_TEST(output.contains("first: Ed25519 of 256 bits, EdDSA"), output);
    BOOST_TEST(output.contains("no kid: RSA of 2048 bits, PS256"), output);
    BOOST_TEST(output.contains("left out: key 3 (odd): a key of the type EC P-384"), output);
    BOOST_TEST(generation().current() != former);
}

// PyJWT as the identity provider.
BOOST_AUTO_TEST_CASE(tokens_of_an_independent_maker) {
    const Directory directory;
    done(run({"/usr/bin/python3", source_directory() / "tests" / "integration" / "make_jwts.py",
              directory.path()}));
    const auto file = read_key_file(directory.path() / "keys.json");
    BOOST_REQUIRE(file.keys.has_value());
    const JwtRules rules{
        .issuer = "https://id.example", .audience = "larder", .role_claim = "realm_access.roles"};
    for (const std::string algorithm : {"RS256", "PS256", "ES256", "EdDSA"}) {
        const auto jwt = text_of(directory.path() / algorithm);
        const auto verdict = judge_jwt(jwt, *file.keys, rules, now());
        BOOST_TEST_REQUIRE(verdict.has_value(), algorithm);
        BOOST_TEST((verdict->roles == Roles{"clerk", "offline_access"}));
        BOOST_TEST(verdict->name == "Ann???ngstr??m");
        BOOST_TEST((judge_jwt(jwt, *file.keys, rules, now() + 7200).error() == Refusal::expired));
    }
    for (const std::string algorithm : {"RS512", "HS256"}) {
        BOOST_TEST(
            (judge_jwt(text_of(directory.path() / algorithm), *file.keys, rules, now()).error() ==
             Refusal::algorithm));
    }
}

// What nobody knows of is the database's to say, too.
BOOST_AUTO_TEST_CASE(the_table_refuses_what_no_command_writes) {
    auto database = stack().database();
    const auto insert = [&](const std::string& values) {
        database.query("INSERT INTO larder.tokens (name, hash, roles, expires) VALUES (" + values +
                       ")");
    };
    const std::string hash = "sha256('x'::bytea)";
    for (const std::string& values :
         {"'7', " + hash + ", '{a}', NULL", "'a b', " + hash + ", '{a}', NULL",
          std::string("'a', '\\x00', '{a}', NULL"), "'a', " + hash + ", '{}', NULL",
          "'a', " + hash + ", '{NULL}', NULL", "'a', " + hash + ", '{a}', 'infinity'"}) {
        BOOST_CHECK_THROW(insert(values), std::runtime_error);
    }
}
