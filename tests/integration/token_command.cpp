// What larder-token says: of tokens, of mistakes, and of what it cannot reach.
#define BOOST_TEST_MODULE token_command
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <future>

#include "token_commands.hpp"

using namespace larder::access;
using namespace larder::test;
using namespace larder::test::tokens;

BOOST_TEST_GLOBAL_FIXTURE(StackWithoutFeed);

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
