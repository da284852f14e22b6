// larder-token over a real PostgreSQL and a real RUN_DIR, and what it leaves for those who judge.
#define BOOST_TEST_MODULE tokens
#include <sys/stat.h>

#include <algorithm>
#include <future>

#include "access/jwt.hpp"
#include "support/jwt_maker.hpp"
#include "token_commands.hpp"

using namespace larder::access;
using namespace larder::test;
using namespace larder::test::tokens;

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
