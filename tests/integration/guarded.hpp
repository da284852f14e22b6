#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "fixture.hpp"
#include "support/temporary_directory.hpp"

namespace larder::test {

/// The descriptions of a stack with AUTH=on; removed when the program ends. The rights:
///
/// | resource | read | create | change | delete |
/// | --- | --- | --- | --- | --- |
/// | boats | auditor, clerk | clerk | clerk | harbour |
/// | items | anyone | clerk | clerk | admin |
/// | employees | clerk | admin | auditor | clerk |
/// | products | admin | admin | admin | admin |
class GuardedDescriptions {
public:
    GuardedDescriptions() : path_(temporary_directory("larder-rights")) {
        const auto seeds = source_directory() / "resources";
        for (const auto& entry : std::filesystem::directory_iterator(seeds)) {
            std::filesystem::copy(entry.path(), path_ / entry.path().filename());
        }
        add("items", "read = [\"anyone\"]\ncreate = [\"clerk\"]\nchange = [\"clerk\"]\n");
        add("employees", "read = [\"clerk\"]\nchange = [\"auditor\"]\ndelete = [\"clerk\"]\n");
        describe_boats(
            "read = [\"auditor\", \"clerk\"]\ncreate = [\"clerk\"]\nchange = [\"clerk\"]\n"
            "delete = [\"harbour\"]\n");
    }
    ~GuardedDescriptions() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    GuardedDescriptions(const GuardedDescriptions&) = delete;
    GuardedDescriptions& operator=(const GuardedDescriptions&) = delete;

    void describe_boats(std::string_view rights) const {
        std::ofstream(path_ / "boats.toml") << R"(title = "Boat"
id = "integer"
page = "all"

[fields]
name = { type = "text", max = 40, filter = true, sort = true }
state = { type = "enum", values = ["afloat", "ashore"], default = "afloat", filter = true }

[lists.afloat]
where = "state = 'afloat'"

[rights]
)" << rights;
    }

    const std::filesystem::path& path() const { return path_; }

private:
    void add(const std::string& name, std::string_view rights) const {
        std::ofstream(path_ / (name + ".toml"), std::ios::app) << "\n[rights]\n" << rights;
    }

    std::filesystem::path path_;
};

inline const GuardedDescriptions& guarded_descriptions() {
    static const GuardedDescriptions made;
    return made;
}

/// To be the global fixture of a program. `environment` adds to AUTH=on.
class GuardedStack : public SharedStack {
public:
    explicit GuardedStack(Environment environment = {})
        : SharedStack(with(std::move(environment))) {}

private:
    static Environment with(Environment environment) {
        environment.insert({{"AUTH", "on"}, {"RESOURCES_DIR", guarded_descriptions().path()}});
        return environment;
    }
};

inline HeaderLines bearer(const std::string& token) { return {"Authorization: Bearer " + token}; }

inline Finished token_command(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "token");
    return stack().script(std::move(arguments), {{"RESOURCES_DIR", guarded_descriptions().path()}});
}

/// `larder token create`: the token.
inline std::string create_token(const std::string& name, const std::vector<std::string>& roles,
                                const std::string& expires = {}) {
    std::vector<std::string> arguments = {"create", "--name", name};
    for (const std::string& role : roles) arguments.insert(arguments.end(), {"--role", role});
    if (!expires.empty()) arguments.insert(arguments.end(), {"--expires", expires});
    const auto made = token_command(std::move(arguments));
    BOOST_REQUIRE_MESSAGE(made.status == 0, made.output);
    for (const std::string& line : lines_in(made.output)) {
        if (line.starts_with("larder_")) return line;
    }
    BOOST_FAIL("no token in: " + made.output);
    return {};
}

/// `larder token revoke`: it is refused from now on.
inline void revoke_token(const std::string& name) {
    const auto done = token_command({"revoke", name});
    BOOST_REQUIRE_MESSAGE(done.status == 0, done.output);
}

/// Checks a refusal: problem details, and what RFC 6750 wants.
inline void expect_refusal(const Response& response, int status, std::string_view error = {}) {
    BOOST_TEST(response.status == status);
    const std::string challenge = response.header("WWW-Authenticate");
    BOOST_TEST(challenge.starts_with("Bearer realm=\"larder\""), challenge);
    BOOST_TEST(challenge.contains("error=") == !error.empty(), challenge);
    if (!error.empty()) {
        BOOST_TEST(challenge.contains("error=\"" + std::string(error) + '"'), challenge);
    }
    BOOST_TEST(response.header("X-Cache") != "HIT");
    BOOST_TEST(!response.has("ETag"));
}

}  // namespace larder::test
