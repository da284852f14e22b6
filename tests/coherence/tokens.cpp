#include "tokens.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <stdexcept>

#include "../support/database.hpp"
#include "../support/json.hpp"

namespace larder::coherence {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t in_use = 6;
constexpr std::size_t kept_revoked = 12;
constexpr unsigned readers = 4;
constexpr std::size_t most_findings = 20;

std::string claims(const std::string& name) {
    return fmt::format(R"({{"iss":"{}","aud":"{}","sub":"{}","roles":["clerk"],"exp":{}}})",
                       TestBed::issuer, TestBed::audience, name, std::time(nullptr) + 86400);
}

void raise(std::atomic<Time>& to, Time time) {
    Time known = to;
    while (known < time && !to.compare_exchange_weak(known, time)) {
    }
}

void lower(std::atomic<Time>& to, Time time) {
    Time known = to;
    while (known > time && !to.compare_exchange_weak(known, time)) {
    }
}

}  // namespace

TokenStory::TokenStory(TestBed& bed, std::uint64_t seed)
    : bed_(bed),
      client_(bed.stack().client().base_url(), {.timeout = 12s}),
      database_url_(bed.stack().status().at("database_url")),
      run_dir_(bed.stack().status().at("run_dir")) {
    const auto made =
        client_.post("/secrets", R"({"name": "a"})", {"Authorization: Bearer " + bed.admin()});
    if (made.status != 201) throw std::runtime_error("no secret to read: " + made.body);
    // A set without any key is none.
    keys_.insert(test::JwtMaker::ed25519().jwk(R"("kid":"of nobody")"));
    paths_ = {"/secrets", "/secrets?limit=1", "/secrets/named", made.header("Location")};
    std::mt19937_64 random(seed);
    for (std::size_t i = 0; i < in_use; ++i) pool_.push_back(make({}, random));
    threads_.emplace_back([this, seed](const std::stop_token& stop) { change(stop, seed); });
    threads_.emplace_back([this](const std::stop_token& stop) { watch_database(stop); });
    for (unsigned i = 0; i < readers; ++i) {
        threads_.emplace_back(
            [this, seed, i](const std::stop_token& stop) { read(stop, seed * 100 + i); });
    }
}

TokenStory::~TokenStory() { stop(); }

void TokenStory::stop() {
    for (auto& thread : threads_) thread.request_stop();
    threads_.clear();
}

TokenStory::Pool TokenStory::pool() const {
    const std::scoped_lock lock(mutex_);
    Pool all = pool_;
    all.insert(all.end(), revoked_.begin(), revoked_.end());
    return all;
}

void TokenStory::complain(std::string what) {
    const std::scoped_lock lock(mutex_);
    if (findings_.size() < most_findings) findings_.push_back({std::move(what), now()});
}

/// larder-token as scripts/stack runs it: as the account of the stack.
test::Finished TokenStory::command(std::vector<std::string> arguments) const {
    std::vector<std::string> line;
    struct stat owner{};
    if (geteuid() == 0 && stat(run_dir_.c_str(), &owner) == 0) {
        line = {"setpriv", fmt::format("--reuid={}", owner.st_uid),
                fmt::format("--regid={}", owner.st_gid), "--clear-groups", "--"};
    }
    line.push_back(bed_.stack().directory() / "stack" / "bin" / "larder-token");
    line.insert(line.end(), arguments.begin(), arguments.end());
    test::Environment environment = {{"DATABASE_URL", database_url_},
                                     {"RUN_DIR", run_dir_},
                                     {"AUTH_JWKS", bed_.key_file()},
                                     {"AUTH_ISSUER", std::string(TestBed::issuer)},
                                     {"AUTH_AUDIENCE", std::string(TestBed::audience)}};
    if (const char* mutant = std::getenv("LARDER_MUTANT")) environment["LARDER_MUTANT"] = mutant;
    return test::run(line, environment);
}

/// One that is valid: it waits for PostgreSQL to be there. Null: the run ends.
std::shared_ptr<TokenStory::Watched> TokenStory::make(const std::stop_token& stop,
                                                      std::mt19937_64& random) {
    static std::atomic<unsigned> count = 0;
    auto watched = std::make_shared<Watched>();
    watched->name = fmt::format("watched-{}", ++count);
    if (random() % 4 == 0) {
        const auto maker = test::JwtMaker::ed25519();
        watched->jwk = maker.jwk(fmt::format(R"("kid":"{}")", watched->name));
        watched->token = maker.token_of("EdDSA", watched->name, claims(watched->name));
        {
            const std::scoped_lock lock(mutex_);
            keys_.insert(watched->jwk);
        }
        return use_keys(stop) ? watched : nullptr;
    }
    while (!stop.stop_requested()) {
        const auto made = command({"create", "--name", watched->name, "--role", "clerk"});
        for (const auto& line : test::lines_in(made.output)) {
            if (line.starts_with("larder_")) watched->token = line;
        }
        if (made.status == 0 && !watched->token.empty()) return watched;
        watched->name = fmt::format("watched-{}", ++count);
        std::this_thread::sleep_for(100ms);
    }
    return nullptr;
}

/// Writes the key file and has it read. False: the run ends.
bool TokenStory::use_keys(const std::stop_token& stop) {
    std::string text = R"({"keys":[)";
    {
        const std::scoped_lock lock(mutex_);
        for (const auto& key : keys_) text += (text.ends_with('[') ? "" : ",") + key;
    }
    const auto file = bed_.key_file();
    std::ofstream(file.string() + ".new") << text << "]}";
    std::filesystem::rename(file.string() + ".new", file);
    while (!stop.stop_requested()) {
        if (command({"reload-keys"}).status == 0) return true;
        std::this_thread::sleep_for(100ms);
    }
    return false;
}

void TokenStory::change(const std::stop_token& stop, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    while (!stop.stop_requested()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(random() % 200));
        std::shared_ptr<Watched> watched;
        {
            const std::scoped_lock lock(mutex_);
            watched = pool_[random() % pool_.size()];
        }
        revoke(stop, *watched, random);
        auto next = make(stop, random);
        if (!next) return;
        Pool over;
        {
            const std::scoped_lock lock(mutex_);
            std::ranges::replace(pool_, watched, next);
            revoked_.push_back(watched);
            if (revoked_.size() > kept_revoked) {
                over.push_back(revoked_.front());
                revoked_.erase(revoked_.begin());
            }
        }
        for (const auto& one : over) judge(*one);
    }
}

void TokenStory::revoke(const std::stop_token& stop, Watched& watched, std::mt19937_64& random) {
    watched.changes_from = now();
    if (watched.is_jwt()) {
        {
            const std::scoped_lock lock(mutex_);
            keys_.erase(watched.jwk);
        }
        if (!use_keys(stop)) return;
        ++rotations_;
    } else {
        // Interrupted at any moment, it is told again. What it has done then the database tells.
        std::jthread interruption;
        if (random() % 3 == 0) {
            interruption = std::jthread([this, pause = random() % 60] {
                std::this_thread::sleep_for(std::chrono::milliseconds(pause));
                try {
                    test::Database database(database_url_);
                    killed_ += static_cast<unsigned>(
                        database
                            .query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                   " WHERE application_name LIKE 'larder-token%'")
                            .size());
                } catch (const std::runtime_error&) {
                }
            });
        }
        while (command({"revoke", watched.name}).status != 0) {
            if (stop.stop_requested()) return;
            if (watched.refused_from != never) break;  // it was done, and its answer was lost
            std::this_thread::sleep_for(50ms);
        }
        ++revocations_;
    }
    lower(watched.refused_from, now());
}

/// From when on PostgreSQL shows a token as revoked: then no request may be granted, whatever has
/// become of the command.
void TokenStory::watch_database(const std::stop_token& stop) {
    std::unique_ptr<test::Database> database;
    while (!stop.stop_requested()) {
        std::shared_ptr<Watched> changing;
        for (const auto& one : pool()) {
            const bool is_open = one->changes_from != never && one->refused_from == never;
            if (!one->is_jwt() && is_open) changing = one;
        }
        if (!changing) {
            std::this_thread::sleep_for(1ms);
            continue;
        }
        try {
            if (!database) database = std::make_unique<test::Database>(database_url_);
            const auto rows =
                database->query("SELECT FROM larder.tokens WHERE name = $1 AND revoked IS NOT NULL",
                                {changing->name});
            if (!rows.empty()) lower(changing->refused_from, now());
        } catch (const std::runtime_error&) {
            database.reset();
            std::this_thread::sleep_for(20ms);
        }
    }
}

void TokenStory::read(const std::stop_token& stop, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    while (!stop.stop_requested()) {
        const auto all = pool();
        Watched& watched = *all[random() % all.size()];
        const auto& path = paths_[random() % paths_.size()];
        const Time start = now();
        const auto response = client_.get(path, {"Authorization: Bearer " + watched.token});
        if (response.status == 200) {
            ++granted_;
            raise(watched.last_granted, start);
            judge(watched);
        } else if (response.status == 401 || response.status == 403) {
            ++refused_;
            if (watched.changes_from == never) {
                complain(fmt::format("{} of {} was refused ({}), and is valid", path, watched.name,
                                     response.body));
            }
        }
    }
}

void TokenStory::judge(const Watched& watched) {
    const Time granted = watched.last_granted;
    if (granted <= watched.refused_from) return;
    complain(fmt::format("{} was granted a request that began {:.3f} ms after it was refused",
                         watched.name, static_cast<double>(granted - watched.refused_from) / 1e6));
}

std::vector<TokenStory::Finding> TokenStory::findings() const {
    const std::scoped_lock lock(mutex_);
    return findings_;
}

void TokenStory::report(std::ostream& out) const {
    out << fmt::format(
        "tokens: {} revoked, {} keys removed, {} commands interrupted,"
        " {} requests granted, {} refused\n",
        revocations_.load(), rotations_.load(), killed_.load(), granted_.load(), refused_.load());
    for (const auto& finding : findings()) out << "violation: " << finding.what << '\n';
}

}  // namespace larder::coherence
