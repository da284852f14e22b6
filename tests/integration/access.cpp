// Authorisation is never stale: a revoked token, a right that was taken, a former key and an
// expired token are refused by the next request, also by nginx from its cache, whatever was killed.
#define BOOST_TEST_MODULE access
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <thread>

#include "feed.hpp"
#include "guarded.hpp"
#include "support/jwt_maker.hpp"
#include "support/parallel.hpp"
#include "support/raw_socket.hpp"

using namespace larder::test;
namespace fs = std::filesystem;

namespace {

const fs::path& key_file() {
    static const fs::path path = guarded_descriptions().path() / "keys.json";
    return path;
}

struct JwtStack : GuardedStack {
    JwtStack()
        : GuardedStack({{"AUTH_JWKS", key_file()},
                        {"AUTH_ISSUER", "https://id.example"},
                        {"AUTH_AUDIENCE", "larder"},
                        {"AUTH_ROLE_CLAIM", "realm.roles"}}) {}
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(JwtStack);

namespace {

HeaderLines admin() {
    static const auto headers = bearer(create_token("admin", {"admin"}));
    return headers;
}

int status_of(const std::string& path, const std::string& token) {
    return api().get(path, bearer(token)).status;
}

/// Until nginx answers it from its cache, so that no worker is asked.
void warm(const std::string& path, const std::string& token) {
    BOOST_REQUIRE(
        eventually([&] { return api().get(path, bearer(token)).header("X-Cache") == "HIT"; }));
}

const std::vector<std::string>& paths() {
    static const std::vector<std::string> all = [] {
        const auto made = api().post("/boats", R"({"name": "Argo"})", admin());
        BOOST_REQUIRE(made.status == 201);
        return std::vector<std::string>{"/boats",
                                        "/boats?limit=1",
                                        "/boats/afloat",
                                        "/boats?state=afloat",
                                        "/boats?state=afloat&limit=1",
                                        made.header("Location")};
    }();
    return all;
}

void warm_all(const std::string& token) {
    for (const auto& path : paths()) warm(path, token);
}

void expect_all(const std::string& token, int status) {
    for (const auto& path : paths()) {
        const auto response = api().get(path, bearer(token));
        BOOST_TEST(response.status == status, path << ": " << response.status << response.body);
        if (status == 401) expect_refusal(response, 401, "invalid_token");
    }
}

void use_keys(const std::string& set) {
    std::ofstream(key_file()) << set;
    const auto reloaded = token_command({"reload-keys"});
    BOOST_REQUIRE_MESSAGE(reloaded.status == 0, reloaded.output);
}

std::string claims(std::time_t expires) {
    return R"({"iss":"https://id.example","aud":"larder","sub":"ada","realm":{"roles":["auditor"]},)"
           R"("exp":)" +
           std::to_string(expires) + '}';
}

Finished apply() {
    return stack().script({"apply"},
                          {{"RESOURCES_DIR", guarded_descriptions().path()}, {"AUTH", "on"}});
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_revoked_token_is_refused_by_the_next_request) {
    const std::string other = create_token("other", {"auditor"});
    for (int round = 0; round < 6; ++round) {
        const std::string name = "revoked-" + std::to_string(round);
        const std::string token = create_token(name, {"clerk"});
        warm_all(token);
        warm_all(other);
        // Whatever is killed, at the latest.
        if (round == 2) stack().kill(stack().pids("worker").front(), SIGKILL);
        if (round == 3) stack().signal("worker", SIGKILL);
        if (round == 4) stack().signal("feed", SIGKILL);
        if (round == 5) {
            for (const int pid : stack().pids("worker")) stack().kill(pid, SIGSTOP);
        }
        revoke_token(name);
        if (round == 5) {
            for (const int pid : stack().pids("worker")) stack().kill(pid, SIGCONT);
        }
        BOOST_REQUIRE(eventually([&] { return api().get("/health").status == 200; }));
        expect_all(token, 401);
        expect_all(other, 200);
    }
}

BOOST_AUTO_TEST_CASE(no_request_that_begins_after_a_revocation_is_answered) {
    constexpr int tokens = 8;
    constexpr std::size_t readers = 4;
    struct Watched {
        std::string token;
        std::atomic<bool> is_revoked = false;
    };
    std::vector<std::unique_ptr<Watched>> all;
    for (int i = 0; i < tokens; ++i) {
        auto& one = all.emplace_back(std::make_unique<Watched>());
        one->token = create_token("hammered-" + std::to_string(i), {"clerk"});
    }
    (void)paths();
    std::atomic<bool> is_over = false;
    std::atomic<int> late = 0;
    std::atomic<int> wrong = 0;
    std::atomic<long> answers = 0;
    {
        std::vector<std::jthread> threads;
        for (std::size_t reader = 0; reader < readers; ++reader) {
            threads.emplace_back([&, reader] {
                for (std::size_t i = reader; !is_over; ++i) {
                    const Watched& one = *all[i % all.size()];
                    const std::string& path = paths()[i / 3 % paths().size()];
                    const bool was_revoked = one.is_revoked;
                    const int status = status_of(path, one.token);
                    if (was_revoked && status != 401) ++late;
                    if (status != 200 && status != 401 && status != 503) ++wrong;
                    ++answers;
                }
            });
        }
        for (int i = 0; i < tokens; ++i) {
            const long before = answers;
            BOOST_REQUIRE(eventually([&] { return answers > before + 200; }));
            revoke_token("hammered-" + std::to_string(i));
            all[static_cast<std::size_t>(i)]->is_revoked = true;
        }
        const long before = answers;
        BOOST_REQUIRE(eventually([&] { return answers > before + 200; }));
        is_over = true;
    }
    BOOST_TEST(late == 0);
    BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(an_expired_token_is_refused) {
    const std::time_t expires = std::time(nullptr) + 8;
    const std::string token = create_token("short", {"clerk"}, [&] {
        std::array<char, 32> text{};
        std::tm parts{};
        gmtime_r(&expires, &parts);
        std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
        return std::string(text.data());
    }());
    (void)paths();
    int granted = 0;
    // Whether nginx has it or not: its clock may be late by a moment.
    while (std::time(nullptr) <= expires + 1) {
        for (const auto& path : paths()) {
            if (status_of(path, token) == 200) ++granted;
        }
    }
    BOOST_TEST(granted > 0);
    expect_all(token, 401);
}

BOOST_AUTO_TEST_CASE(what_psql_revokes_follows) {
    BOOST_REQUIRE(eventually([] { return feed_follows(); }));
    const std::string token = create_token("by-psql", {"clerk"});
    warm_all(token);
    stack().database().query("UPDATE larder.tokens SET revoked = now() WHERE name = 'by-psql'");
    BOOST_TEST(eventually([&] { return status_of(paths().front(), token) == 401; }));
    BOOST_TEST(eventually([&] { return status_of(paths().back(), token) == 401; }));
}

BOOST_AUTO_TEST_CASE(a_right_that_was_taken_is_refused_when_apply_has_returned) {
    const std::string token = create_token("auditing", {"auditor"});
    const std::string clerk = create_token("clerk", {"clerk"});
    warm_all(token);
    guarded_descriptions().describe_boats("read = [\"clerk\"]\n");
    const auto taken = apply();
    BOOST_TEST(taken.status == 0, taken.output);
    for (const auto& path : paths()) {
        expect_refusal(api().get(path, bearer(token)), 403, "insufficient_scope");
    }
    expect_all(clerk, 200);
    guarded_descriptions().describe_boats("read = [\"auditor\", \"clerk\"]\n");
    const auto given = apply();
    BOOST_TEST(given.status == 0, given.output);
    expect_all(token, 200);
}

BOOST_AUTO_TEST_CASE(a_command_that_does_not_name_auth_opens_nothing) {
    const std::string token = create_token("keeper", {"clerk"});
    warm_all(token);
    const Environment no_auth = {{"RESOURCES_DIR", guarded_descriptions().path()}};
    const auto reloaded = stack().script({"reload"}, no_auth);
    BOOST_TEST(reloaded.status == 0, reloaded.output);
    BOOST_TEST(stack().script({"up"}, no_auth).status == 0);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    int granted = 0;
    while (std::chrono::steady_clock::now() < until) {
        if (api().get("/boats").status != 401) ++granted;
    }
    BOOST_TEST(granted == 0);
    Environment off = no_auth;
    off["AUTH"] = "off";
    for (const auto* command : {"up", "apply", "reload", "restart-workers"}) {
        const auto refused = stack().script({command}, off);
        BOOST_TEST(refused.status == 1, command);
        BOOST_TEST(refused.output.contains("make down up"), refused.output);
    }
    expect_all(token, 200);
}

// nginx closes the connection of a client to whom it says 500, also if the client never sees it.
BOOST_AUTO_TEST_CASE(a_connection_outlives_a_list_that_a_worker_answers) {
    const auto request = [](const std::string& path, const std::string& token) {
        return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" +
               (token.empty() ? "" : "Authorization: Bearer " + token + "\r\n") + "\r\n";
    };
    const std::string cold = create_token("cold", {"clerk"});
    RawSocket client(Address::of_url(api().base_url()));
    client.send(request("/boats", "") + request("/boats", cold) + request("/boats/afloat", "x") +
                request("/health/live", ""));
    const auto answers = client.receive_all(std::chrono::seconds(1));
    BOOST_TEST(answers.ends_with(R"({"status": "live"})"), answers);
}

BOOST_AUTO_TEST_CASE(keys_are_rotated_without_a_restart) {
    // There is no file yet: nothing can be said of a JWT, and that is no refusal.
    const auto first = JwtMaker::ed25519();
    const auto second = JwtMaker::p256();
    const std::time_t later = std::time(nullptr) + 3600;
    const auto token = first.token_of("EdDSA", "a", claims(later));
    expect_problem(api().get("/boats", bearer(token)), 503);
    use_keys(key_set_of({first.jwk(R"("kid":"a")"), second.jwk(R"("kid":"b")")}));
    expect_all(token, 200);
    warm_all(token);
    expect_refusal(api().del(paths().back(), bearer(token)), 403, "insufficient_scope");
    const auto other = second.token_of("ES256", "b", claims(later));
    expect_all(other, 200);
    expect_all(first.token_of("EdDSA", "a", claims(std::time(nullptr) - 61)), 401);
    expect_all(second.token_of("ES256", "a", claims(later)), 401);
    // The first key is gone when the command has returned.
    use_keys(key_set_of({second.jwk(R"("kid":"b")")}));
    expect_all(token, 401);
    expect_all(other, 200);
    // Also with no command, in a moment.
    warm_all(other);
    std::ofstream(key_file().string() + ".new") << key_set_of({first.jwk(R"("kid":"a")")});
    fs::rename(key_file().string() + ".new", key_file());
    BOOST_TEST(eventually([&] { return status_of(paths().front(), other) == 401; }));
    expect_all(token, 200);
    // What is broken accepts nothing.
    warm_all(token);
    std::ofstream(key_file()) << "{";
    BOOST_TEST(eventually([&] { return status_of(paths().front(), token) == 503; }));
    for (const auto& path : paths()) expect_problem(api().get(path, bearer(token)), 503);
}

// LARDER_TEST_TOKENS=100000 sends as many.
BOOST_AUTO_TEST_CASE(nginx_knows_a_token_of_up_to_two_thousand_characters) {
    const auto maker = JwtMaker::ed25519();
    use_keys(R"({"keys":[)" + maker.jwk(R"("kid":"a")") + "]}");
    for (const std::size_t size : {150U, 350U, 1100U, 1250U}) {
        auto long_claims = claims(std::time(nullptr) + 3600);
        long_claims.insert(1, R"("pad":")" + std::string(size, 'x') + R"(",)");
        const auto token = maker.token_of("EdDSA", "a", long_claims);
        BOOST_TEST_CONTEXT(token.size() << " characters") {
            BOOST_REQUIRE(token.size() <= 2000U);
            warm("/boats", token);
            std::string other = token;
            other[token.size() - 50] = other[token.size() - 50] == 'A' ? 'B' : 'A';
            expect_refusal(api().get("/boats", bearer(other)), 401, "invalid_token");
        }
    }
}

BOOST_AUTO_TEST_CASE(no_garbage_is_anything_but_401) {
    const auto maker = JwtMaker::ed25519();
    use_keys(key_set_of({maker.jwk(R"("kid":"a")")}));
    const std::vector<std::string> sound = {
        create_token("mutated", {"clerk"}),
        maker.token_of("EdDSA", "a", claims(std::time(nullptr) + 3600))};
    for (const auto& token : sound) BOOST_TEST(status_of("/boats", token) == 200);
    const char* wanted = std::getenv("LARDER_TEST_TOKENS");
    const unsigned count = wanted == nullptr ? 4000U : static_cast<unsigned>(std::stoul(wanted));
    std::atomic<unsigned> next = 0;
    std::atomic<int> wrong = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            // Bytes that a header field may have (RFC 9110, section 5.5).
            const std::string alphabet =
                "ABCXYZabcxyz0189-_.~+/=!#$%&'*^`|,;:@()[]{}<>?\\\"\xc3\xa4\xff ";
            for (unsigned number = next++; number < count; number = next++) {
                std::mt19937 random(number);
                const auto letter = [&] { return alphabet[random() % alphabet.size()]; };
                std::string token = sound[number % 2];
                if (number % 5 == 0) {
                    token.assign(1 + random() % 3000, 'x');
                    for (char& c : token) c = letter();
                }
                for (std::size_t edits = 1 + random() % 3; edits > 0; --edits) {
                    // The last character of base64url may have bits that mean nothing.
                    const std::size_t at = random() % std::max<std::size_t>(1, token.size() - 1);
                    switch (random() % 3) {
                        case 0: token[at] = letter(); break;
                        case 1: token.insert(at, 1, letter()); break;
                        default: token.erase(at, 1 + random() % 5);
                    }
                }
                // Any number of spaces may be in front of a token.
                const auto sent =
                    token.substr(std::min(token.find_first_not_of(' '), token.size()));
                if (sent == sound[0] || sent == sound[1] || sent.empty()) continue;
                const std::string& path = paths()[number % paths().size()];
                const int status = status_of(path, token);
                if (status == 401) continue;
                ++wrong;
                BOOST_TEST_MESSAGE(status << " for " << token);
            }
        });
    }
    threads.clear();
    BOOST_TEST(wrong == 0);
}

// Its worker makes the link and sends the request back to nginx. So PostgreSQL is not needed for
// it.
BOOST_AUTO_TEST_CASE(the_first_list_of_a_token_is_from_the_cache_too) {
    const std::string former = create_token("former", {"clerk"});
    const std::map<std::string, std::string> later = {
        {"/boats", create_token("later", {"clerk"})},
        {"/boats?limit=3", create_token("last", {"clerk"})}};
    for (const auto& [path, token] : later) {
        warm(path, former);
        const auto response = api().get(path, bearer(token));
        BOOST_TEST(response.status == 200);
        BOOST_TEST(response.header("X-Cache") == "HIT", path);
    }
}

BOOST_AUTO_TEST_CASE(an_outage_is_no_refusal) {
    const std::string token = create_token("patient", {"clerk"});
    warm_all(token);
    // At once, so that every worker gets some of them and reads the table.
    const auto read = in_parallel(16, [&](std::size_t) {
        int answered = 0;
        for (int i = 0; i < 20; ++i) answered += status_of(paths().back(), token) == 200;
        return answered;
    });
    BOOST_TEST(std::ranges::count(read, 20) == 16);
    stack().stop("postgresql", SIGKILL);
    // What is known is known: of those who are valid, and of all others.
    BOOST_TEST(status_of("/boats", token) == 200);
    // Every worker has read the table, as far as requests have come to it; one that has not says
    // so.
    for (int i = 0; i < 20; ++i) {
        const int status = status_of(paths().back(), token);
        BOOST_TEST((status == 200 || status == 503), status);
        const int unknown = status_of("/boats", "larder_" + std::string(43, 'x'));
        BOOST_TEST((unknown == 401 || unknown == 503), unknown);
    }
    // Another generation: nothing is known until PostgreSQL is back.
    const auto swapped = stack().status().at("run_dir") + "/access";
    fs::remove(swapped);
    for (const auto& path : paths()) {
        const auto response = api().get(path, bearer(token));
        expect_problem(response, 503);
        BOOST_TEST(response.has("Retry-After"));
    }
    expect_refusal(api().get("/boats"), 401);
    stack().up();
    BOOST_TEST(eventually([&] { return status_of("/boats", token) == 200; }));
    expect_all(token, 200);
}

BOOST_AUTO_TEST_CASE(no_other_account_may_look_into_the_generation) {
    const fs::path run_dir = stack().status().at("run_dir");
    warm("/boats", create_token("looker", {"clerk"}));
    int seen = 0;
    for (const auto& entry : fs::recursive_directory_iterator(run_dir / "access" / ".")) {
        if (entry.is_symlink() || !entry.is_directory()) continue;
        struct stat status{};
        BOOST_REQUIRE(stat(entry.path().c_str(), &status) == 0);
        BOOST_TEST((status.st_mode & 0067U) == 0U, entry.path());
        ++seen;
    }
    BOOST_TEST(seen > 2);
}
