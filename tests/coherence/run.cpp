#include "run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <ranges>
#include <thread>

#include "faults.hpp"
#include "report.hpp"
#include "testbed.hpp"
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

void wait_for_end(const RunOptions& options, Observer& observer) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.seconds);
    while (std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_until(
            std::min(end, std::chrono::steady_clock::now() + check_interval));
        if (options.until_violation && !observer.check_now().empty()) return;
    }
}

void print_violations(const std::vector<Violation>& violations, const History& history,
                      const RecordTable& records, Time origin) {
    for (const auto& violation : violations | std::views::take(violations_shown)) {
        print_violation(std::cout, violation, records, origin);
    }
    std::cout << fmt::format("violations: {} (records alone: {}, lists alone: {})\n",
                             violations.size(), check(history, Scope::records).size(),
                             check(history, Scope::lists).size());
    if (violations.empty()) return;
    const Time first = std::ranges::min(violations | std::views::transform(known_at));
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
    const Time origin = now();
    Workload workload(bed.stack().client().base_url(), records, recorder, hot,
                      {.threads = options.threads, .seed = options.seed, .rate = 0});
    Faults faults({bed, foreign, disturbances}, possible_faults(options, bed), options.seed);
    wait_for_end(options, observer);
    faults.stop();
    workload.stop();

    const auto violations = observer.check_now();
    std::cout << fmt::format("seed: {}, threads: {}\n", options.seed, options.threads);
    print_operations(std::cout, observer.history(), origin);
    print_faults(faults.counts());
    print_violations(violations, observer.history(), records, origin);
    return violations.size();
}

}  // namespace larder::coherence
