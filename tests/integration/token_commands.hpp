#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "access/load_tokens.hpp"
#include "access/secret.hpp"
#include "fixture.hpp"
#include "support/temporary_directory.hpp"

/// Commands that make and revoke tokens, and what workers then read.
namespace larder::test::tokens {

using namespace larder::access;
namespace fs = std::filesystem;

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
inline const std::map<std::string, std::string>& status() {
    static const auto known = stack().status();
    return known;
}

inline Finished token(Arguments arguments, Environment changes = {}) {
    arguments.insert(arguments.begin(), "token");
    return stack().script(std::move(arguments), std::move(changes));
}

/// What has to succeed.
inline std::string done(const Finished& finished) {
    BOOST_REQUIRE_MESSAGE(finished.status == 0, finished.output);
    return finished.output;
}

/// What has to fail with exactly this line, and to change nothing.
inline void expect_refused(const Finished& finished, const std::string& why) {
    BOOST_TEST(finished.status == 1);
    BOOST_TEST(finished.output.contains(why), finished.output);
}

/// The one line of an output that is a token.
inline std::string secret_in(const std::string& output) {
    std::vector<std::string> secrets = lines_in(output);
    std::erase_if(secrets, [](const std::string& line) { return !is_own_token(line); });
    BOOST_REQUIRE(secrets.size() == 1U);
    return secrets.front();
}

inline std::string create(const std::string& name, Arguments further = {"--role", "clerk"}) {
    further.insert(further.begin(), {"create", "--name", name});
    return secret_in(done(token(further)));
}

inline Generation generation() { return Generation(status().at("run_dir")); }

/// The table as a worker reads it now.
inline LoadedTokens load() {
    larder::Database database(status().at("database_url"), true);
    larder::Session session(database);
    auto loaded = load_tokens(session, generation());
    BOOST_REQUIRE(loaded.has_value());
    return std::move(*loaded);
}

inline std::int64_t now() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

inline Verdict judged(const std::string& secret) { return load().table.judge(secret, now()); }

inline bool is_refused(const std::string& secret, Refusal why) {
    const auto verdict = judged(secret);
    return !verdict && verdict.error() == why;
}

inline Json named(const Json& tokens, const std::string& name) {
    const auto found = std::ranges::find_if(
        tokens.elements(), [&](const Json& one) { return one["name"].string() == name; });
    return found == tokens.elements().end() ? Json() : *found;
}

inline std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Runs the program itself, not by way of the scripts.
inline Finished program(Arguments arguments, const Environment& changes = {}) {
    arguments.insert(arguments.begin(), program_directory() / "larder-token");
    Environment environment = changes;
    environment.insert(
        {{"DATABASE_URL", status().at("database_url")}, {"RUN_DIR", status().at("run_dir")}});
    return run(arguments, environment);
}

inline std::string count_of_tokens() {
    return stack().database().value("SELECT count(*) FROM larder.tokens");
}

/// Without a feed, which begins generations of its own for what the command has committed.
struct StackWithoutFeed : SharedStack {
    StackWithoutFeed() : SharedStack(Environment{{"LARDER_FEED", "/nowhere/larder-feed"}}) {}
};

}  // namespace larder::test::tokens
