#include "run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <ranges>
#include <stdexcept>
#include <thread>

#include "../support/database.hpp"
#include "faults.hpp"
#include "importers.hpp"
#include "once_story.hpp"
#include "report.hpp"
#include "resources.hpp"
#include "testbed.hpp"
#include "tokens.hpp"
#include "workload.hpp"

namespace larder::coherence {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t violations_shown = 10;
constexpr auto check_interval = 2s;

/// Everything that is recorded, in the thread that checks it.
class Observer {
public:
    Observer(Recorder& recorder, const Disturbances& disturbances)
        : recorder_(recorder), disturbances_(disturbances) {}

    /// Of what has happened so far. What is under way has an unknown outcome.
    std::vector<Violation> check_now() {
        const auto pending = recorder_.drain_into(history_);
        history_.graces = disturbances_.graces();
        const auto finished = history_.operations.size();
        std::ranges::copy(pending, std::back_inserter(history_.operations));
        auto violations = check(history_);
        history_.operations.resize(finished);
        return violations;
    }

    [[nodiscard]] const History& history() const { return history_; }

private:
    Recorder& recorder_;
    const Disturbances& disturbances_;
    History history_;
};

void wait_for_end(const RunOptions& options, Observer& observer, const TokenStory& tokens,
                  const OnceStory& keys) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.seconds);
    while (std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_until(
            std::min(end, std::chrono::steady_clock::now() + check_interval));
        if (!options.until_violation) continue;
        if (!observer.check_now().empty() || !tokens.findings().empty() ||
            !keys.findings().empty()) {
            return;
        }
    }
}

void print_violations(const std::vector<Violation>& violations,
                      const std::vector<TokenStory::Finding>& of_tokens,
                      const std::vector<OnceStory::Finding>& of_keys, const History& history,
                      const RecordTable& records, Time origin) {
    for (const auto& violation : violations | std::views::take(violations_shown)) {
        print_violation(std::cout, violation, records, origin);
    }
    std::cout << fmt::format(
        "violations: {} (records alone: {}, lists alone: {}, tokens: {}, keys: {})\n",
        violations.size() + of_tokens.size() + of_keys.size(),
        check(history, Scope::records).size(), check(history, Scope::lists).size(),
        of_tokens.size(), of_keys.size());
    if (violations.empty() && of_tokens.empty() && of_keys.empty()) return;
    Time first = never;
    for (const auto& violation : violations) first = std::min(first, known_at(violation));
    for (const auto& finding : of_tokens) first = std::min(first, finding.at);
    for (const auto& finding : of_keys) first = std::min(first, finding.at);
    std::cout << fmt::format("first violation after {:.1f} s\n",
                             static_cast<double>(first - origin) / 1e9);
}

void print_faults(const std::map<std::string, unsigned>& counts) {
    std::cout << "faults:";
    for (const auto& [name, count] : counts) std::cout << ' ' << name << '=' << count;
    std::cout << (counts.empty() ? " none\n" : "\n");
}

/// Without a feed nobody follows what is written past the workers.
std::vector<std::string> possible_faults(const RunOptions& options, const TestBed& bed) {
    auto faults = options.faults;
    if (!bed.has_feed() && std::erase_if(faults, is_foreign) != 0) {
        std::cout << "no larder-feed: writes past the workers are left out\n";
    }
    return faults;
}

/// Products of their own, so that what they write is no part of what is checked.
test::RudeTargets rude_targets(const test::Stack& stack) {
    const auto status = stack.status();
    test::RudeTargets targets{
        .nginx = test::Address::of_url(status.at("url")),
        .workers = {.host = {}, .port = 0, .path = status.at("worker_socket")},
        .records = {},
        .lists = {"/products", "/items", "/employees"}};
    for (int i = 0; i < 4; ++i) {
        const auto made = stack.client().post(
            "/products", R"({"name": "Rude", "price": 1, "stock_quantity": 1, "origin": "rude"})");
        if (made.status != 201) throw std::runtime_error("no product for rude clients");
        targets.records.push_back("/products/" + test::Json::parse(made.body)["id"].text());
    }
    return targets;
}

std::size_t print_deaths(const test::Stack& stack) {
    const auto deaths = stack.take_unasked_deaths();
    for (const auto& death : deaths) std::cout << "unasked death: " << death << '\n';
    std::cout << fmt::format("unasked deaths: {}\n", deaths.size());
    return deaths.size();
}

std::size_t print_rude(const test::RudeClients& rude) {
    const auto wrong = rude.wrong_answers();
    for (const auto& answer : wrong) std::cout << "wrong answer: " << answer << '\n';
    return wrong.size();
}

}  // namespace

std::size_t run(const RunOptions& options) {
    TestBed bed(needs_proxy(options.faults));
    RecordTable records;
    Recorder recorder;
    HotRecords hot;
    Disturbances disturbances;
    ForeignWriter foreign(bed.stack().status().at("database_url"), bed.directory(), records,
                          recorder, hot, disturbances);
    Observer observer(recorder, disturbances);
    const auto targets = rude_targets(bed.stack());
    test::raise_descriptor_limit();
    Resources resources(bed.stack());
    const Time origin = now();
    Workload workload(
        bed.stack().client().base_url(), records, recorder, hot,
        {.threads = options.threads, .seed = options.seed, .rate = 0, .admin = bed.admin()});
    Importers importers(bed.stack().client().base_url(), records, recorder, hot,
                        {.threads = options.importers, .seed = options.seed});
    test::RudeClients rude(
        targets,
        {.clients = options.rude, .idle = options.rude * 10, .seed = options.seed, .acts = {}});
    TokenStory tokens(bed, options.seed);
    OnceStory keys(bed, {.seed = options.seed});
    Faults faults({bed, foreign, disturbances, targets}, possible_faults(options, bed),
                  options.seed);
    wait_for_end(options, observer, tokens, keys);
    faults.stop();
    keys.stop();
    tokens.stop();
    rude.stop();
    importers.stop();
    workload.stop();

    const auto violations = observer.check_now();
    std::cout << fmt::format("seed: {}, threads: {}\n", options.seed, options.threads);
    print_operations(std::cout, observer.history(), origin);
    print_faults(faults.counts());
    tokens.report(std::cout);
    keys.report(std::cout);
    importers.report(std::cout);
    print_violations(violations, tokens.findings(), keys.findings(), observer.history(), records,
                     origin);
    resources.report(std::cout);
    return violations.size() + tokens.findings().size() + keys.findings().size() +
           print_deaths(bed.stack()) + print_rude(rude);
}

std::size_t run_exactly_once(const ExactlyOnceOptions& options) {
    TestBed bed(needs_proxy(options.faults));
    RecordTable records;
    Recorder recorder;
    HotRecords hot;
    Disturbances disturbances;
    ForeignWriter foreign(bed.stack().status().at("database_url"), bed.directory(), records,
                          recorder, hot, disturbances);
    const auto targets = rude_targets(bed.stack());
    const Time origin = now();
    OnceStory keys(bed, {.threads = options.threads,
                         .seed = options.seed,
                         .most = options.posts,
                         .only_posts = true});
    {
        Faults faults({bed, foreign, disturbances, targets}, options.faults, options.seed);
        auto next = std::chrono::steady_clock::now();
        while (!keys.is_done()) {
            std::this_thread::sleep_for(100ms);
            if (std::chrono::steady_clock::now() < next) continue;
            next = std::chrono::steady_clock::now() + 10s;
            std::cerr << fmt::format("{:.0f} s: {} POSTs\n",
                                     static_cast<double>(now() - origin) / 1e9,
                                     keys.acknowledged());
        }
        faults.stop();
        print_faults(faults.counts());
    }
    keys.stop();
    keys.report(std::cout);
    std::cout << fmt::format("records: {} of {} POSTs\n",
                             test::Database(bed.stack().status().at("database_url"))
                                 .value("SELECT count(*) FROM receipts"),
                             options.posts);
    return keys.findings().size() + print_deaths(bed.stack());
}

}  // namespace larder::coherence
