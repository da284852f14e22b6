#include "once_story.hpp"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <utility>

#include "../support/database.hpp"
#include "../support/json.hpp"

namespace larder::coherence {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_findings = 20;
constexpr std::size_t most_rows = 20;  // of an import

/// Requests that are still under way while their worker is stopped, and others that are given up.
test::ClientOptions patience_of(unsigned thread) {
    return {.timeout = thread % 2 == 0 ? std::chrono::milliseconds(1s) : 12s,
            .keep_connection_for_writes = false};
}

bool is_replay(const test::Response& response) {
    return response.header("Idempotent-Replayed") == "true";
}

}  // namespace

OnceStory::OnceStory(TestBed& bed, OnceOptions options)
    : bed_(bed),
      options_(options),
      database_url_(bed.stack().status().at("database_url")),
      running_(options.threads) {
    for (unsigned thread = 0; thread < options.threads; ++thread) {
        threads_.emplace_back([this, thread](const std::stop_token& stop) { work(stop, thread); });
    }
    threads_.emplace_back([this](const std::stop_token& stop) { watch(stop); });
}

OnceStory::~OnceStory() {
    for (auto& thread : threads_) thread.request_stop();
}

void OnceStory::stop() {
    for (auto& thread : threads_) thread.request_stop();
    threads_.clear();
    if (!std::exchange(is_compared_, true)) compare();
}

void OnceStory::work(const std::stop_token& stop, unsigned thread) {
    const test::Client client(bed_.stack().client().base_url(), patience_of(thread));
    std::mt19937_64 random(options_.seed * 1000 + thread);
    while (!stop.stop_requested()) {
        const std::size_t number = next_++;
        if (options_.most != 0 && number >= options_.most) break;
        live(client, random, fmt::format("once-{}", number));
    }
    --running_;
}

/// The life of one record, or of some that are imported together, of which nobody else knows.
void OnceStory::live(const test::Client& client, std::mt19937_64& random, const std::string& name) {
    const auto expect = [&](std::string note) {
        const std::scoped_lock lock(mutex_);
        expected_[name] = std::move(note);
    };
    if (!options_.only_posts && random() % 8 == 0) return import(client, random, name);
    // One with a code goes alone, one without goes in groups.
    const std::string code = random() % 2 == 0 ? fmt::format(R"(, "code": "{}")", name) : "";
    const auto made = send(
        client, random,
        {"POST", "/receipts", fmt::format(R"({{"name": "{}", "note": "first"{}}})", name, code)});
    if (made.status != 201) return;
    ++acknowledged_;
    expect("first");
    if (options_.only_posts || random() % 2 == 0) return;
    const std::string path = made.header("Location");
    const auto changed =
        send(client, random,
             {"PUT", path, R"({"note": "second"})", {"If-Match: " + made.header("ETag")}});
    if (changed.status != 200) return;
    expect("second");
    if (random() % 2 == 0) return;
    if (send(client, random, {"DELETE", path, {}}).status == 204) expect({});
}

/// All or none: only such an import takes a key.
void OnceStory::import(const test::Client& client, std::mt19937_64& random,
                       const std::string& name) {
    const std::size_t rows = 1 + random() % most_rows;
    std::string body = "name,note,code\n";
    for (std::size_t row = 0; row < rows; ++row) {
        const std::string code = random() % 2 == 0 ? fmt::format("{}-{}", name, row) : "";
        body += fmt::format("{}-{},first,{}\n", name, row, code);
    }
    const auto answer =
        send(client, random, {"POST", "/receipts?all=true", body, {"Content-Type: text/csv"}});
    const auto created = test::Json::parse(answer.body)["created"].text();
    if (answer.status != 200 || created != std::to_string(rows)) {
        return complain(fmt::format("an import of {} rows got {}", rows, answer.body));
    }
    ++imports_;
    const std::scoped_lock lock(mutex_);
    for (std::size_t row = 0; row < rows; ++row) {
        expected_[fmt::format("{}-{}", name, row)] = "first";
    }
}

/// The answer that says that it was done; another one is a finding.
test::Response OnceStory::send(const test::Client& client, std::mt19937_64& random,
                               const Write& write) {
    auto headers = write.headers;
    headers.push_back(fmt::format("Idempotency-Key: \"{:016x}{:016x}\"", random(), random()));
    bool is_doubled = random() % 4 == 0;
    test::Response first;
    for (;;) {
        auto response = client.request(write.method, write.path, write.body, headers);
        if (response.status == 0 || response.status >= 500) {
            ++attempts_;
            std::this_thread::sleep_for(5ms);
            continue;
        }
        if (response.status == 409 && response.has("Retry-After")) {
            ++in_use_;
            std::this_thread::sleep_for(5ms);
            continue;
        }
        if (is_replay(response)) ++replays_;
        const bool differs =
            first.status != 0 &&
            (response.status != first.status || response.body != first.body ||
             response.header("ETag") != first.header("ETag") ||
             response.header("Location") != first.header("Location") || !is_replay(response));
        if (response.status / 100 != 2 || differs) {
            complain(fmt::format("{} {} {}, sent until it was answered, got {} {} {}", write.method,
                                 write.path, write.body, response.status, response.body,
                                 differs ? "instead of " + first.body : ""));
        }
        if (!std::exchange(is_doubled, false)) return response;
        first = std::move(response);
    }
}

/// Looks for records that were made twice, so that they are known before the end.
void OnceStory::watch(const std::stop_token& stop) {
    std::unique_ptr<test::Database> database;
    while (!stop.stop_requested() && findings().empty()) {
        std::this_thread::sleep_for(200ms);
        try {
            if (!database) database = std::make_unique<test::Database>(database_url_);
            for (const auto& row : database->query(
                     "SELECT name, count(*) FROM receipts GROUP BY name HAVING count(*) > 1")) {
                complain(fmt::format("the POST of {} was done {} times", row[0], row[1]));
            }
        } catch (const std::runtime_error&) {
            database.reset();
        }
    }
}

void OnceStory::compare() {
    test::Database database(database_url_);
    std::map<std::string, std::string> found;
    for (const auto& row : database.query("SELECT name, note FROM receipts ORDER BY name")) {
        if (!found.emplace(row[0], row[1]).second) {
            complain(fmt::format("the POST of {} was done twice", row[0]));
        }
    }
    std::map<std::string, std::string> expected;
    {
        const std::scoped_lock lock(mutex_);
        expected = expected_;
    }
    for (const auto& [name, note] : expected) {
        const auto at = found.find(name);
        const std::string is = at == found.end() ? std::string() : at->second;
        if (is != note) {
            complain(fmt::format("{} is '{}', and was acknowledged as '{}'", name, is, note));
        }
        if (at != found.end()) found.erase(at);
    }
    for (const auto& [name, note] : found) {
        complain(fmt::format("{} is there and was never acknowledged", name));
    }
}

void OnceStory::complain(std::string what) {
    const std::scoped_lock lock(mutex_);
    if (findings_.size() < most_findings) findings_.push_back({std::move(what), now()});
}

std::vector<OnceStory::Finding> OnceStory::findings() const {
    const std::scoped_lock lock(mutex_);
    return findings_;
}

void OnceStory::report(std::ostream& out) const {
    out << fmt::format(
        "keys: {} POSTs and {} imports acknowledged, {} attempts without an answer, {} met each"
        " other, {} replays\n",
        acknowledged_.load(), imports_.load(), attempts_.load(), in_use_.load(), replays_.load());
    for (const auto& finding : findings()) out << "violation: " << finding.what << '\n';
}

}  // namespace larder::coherence
