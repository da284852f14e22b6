#include "visibility.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>

#include "documents.hpp"
#include "foreign.hpp"
#include "testbed.hpp"
#include "workload.hpp"

namespace larder::coherence {
namespace {

using namespace std::chrono_literals;

constexpr Time patience = nanoseconds(10s);
/// How long an old answer may still come after the first new one, and would be noticed.
constexpr Time aftermath = nanoseconds(30ms);

/// When a path showed an edit. Times as of now().
struct Sighting {
    Time first = never;    ///< end of the first answer that shows it
    Time settled = never;  ///< end of the first answer from which on every one does
};

/// Asks for a path, again and again, until it shows `text` and goes on to.
Sighting watch(const test::Client& client, const std::string& path, const std::string& text) {
    Sighting sighting;
    const Time start = now();
    while (now() - start < patience) {
        const auto response = client.get(path);
        const Time end = now();
        if (response.status != 200) continue;
        if (response.body.find(text) == std::string::npos) {
            sighting.settled = never;
            continue;
        }
        sighting.first = std::min(sighting.first, end);
        sighting.settled = std::min(sighting.settled, end);
        if (end - sighting.settled > aftermath) break;
    }
    return sighting;
}

struct Delays {
    std::vector<double> first;
    std::vector<double> settled;
    unsigned missed = 0;

    void add(const Sighting& sighting, Time commit) {
        if (sighting.settled == never) {
            ++missed;
            return;
        }
        first.push_back(static_cast<double>(sighting.first - commit) / 1e6);
        settled.push_back(static_cast<double>(sighting.settled - commit) / 1e6);
    }
};

/// The smallest of the values that at least this share does not exceed.
double quantile(std::vector<double> values, double share) {
    if (values.empty()) return 0;
    std::ranges::sort(values);
    const auto rank =
        static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5);
    return values[rank];
}

void print(const char* load, const char* what, const Delays& delays) {
    const auto line = [&](const char* event, const std::vector<double>& values) {
        std::cout << fmt::format("{:<6} {:<8} {:<8} {:>9.2f} {:>9.2f} {:>9.2f}\n", load, what,
                                 event, quantile(values, 0.5), quantile(values, 0.99),
                                 quantile(values, 1));
    };
    line("first", delays.first);
    line("settled", delays.settled);
}

/// Edits records of its own, so that nobody else changes them meanwhile.
class Editor {
public:
    Editor(TestBed& bed, Recorder& recorder, std::uint64_t seed)
        : client_(bed.stack().client()),
          database_(bed.stack().database()),
          recorder_(recorder),
          random_(seed) {
        for (const auto resource : unrelated_resources) ids_.push_back(create(resource));
    }

    void edit_once(Delays& records, Delays& lists) {
        const auto resource = unrelated_resources[turn_++ % unrelated_resources.size()];
        const auto& id = ids_[static_cast<std::size_t>(resource)];
        const auto value = recorder_.next_value();
        const auto list = "/" + std::string(name_of(resource));
        Sighting record_sighting;
        Sighting list_sighting;
        Time commit = 0;
        {
            // The watchers fill the caches with the old value first.
            const std::jthread record_watcher(
                [&] { record_sighting = watch(client_, list + "/" + id, to_string(value)); });
            const std::jthread list_watcher(
                [&] { list_sighting = watch(client_, list, to_string(value)); });
            std::this_thread::sleep_for(std::chrono::milliseconds(5 + random_() % 20));
            commit = update(resource, id, value);
        }
        records.add(record_sighting, commit);
        lists.add(list_sighting, commit);
    }

private:
    std::string create(Resource resource) {
        const auto response = client_.post("/" + std::string(name_of(resource)),
                                           new_document_of(resource, recorder_.next_value()));
        if (response.status != 201) throw std::runtime_error("no record: " + response.body);
        return read_document(resource, test::Json::parse(response.body)).id;
    }

    /// Returns when COMMIT was sent.
    Time update(Resource resource, const std::string& id, Value value) {
        database_.query("BEGIN");
        database_.query(update_statement(resource), {id, document_of(resource, value)});
        const Time commit = now();
        database_.query("COMMIT");
        return commit;
    }

    const test::Client& client_;
    test::Database database_;
    Recorder& recorder_;
    std::mt19937_64 random_;
    std::vector<std::string> ids_;
    std::size_t turn_ = 0;
};

unsigned measure(const char* load, Editor& editor, unsigned edits) {
    Delays records;
    Delays lists;
    for (unsigned i = 0; i < edits; ++i) editor.edit_once(records, lists);
    print(load, "records", records);
    print(load, "lists", lists);
    return records.missed + lists.missed;
}

}  // namespace

unsigned measure_visibility(const VisibilityOptions& options) {
    TestBed bed(false);
    if (!bed.has_feed()) throw std::runtime_error("the stack has no larder-feed");
    RecordTable records;
    Recorder recorder;
    HotRecords hot;
    Editor editor(bed, recorder, options.seed);
    std::cout << fmt::format(
        "{} edits each; milliseconds from COMMIT to the answer that shows it\n", options.edits);
    std::cout << fmt::format("{:<24} {:>9} {:>9} {:>9}\n", "", "p50", "p99", "max");
    unsigned missed = measure("idle", editor, options.edits);
    Workload workload(
        bed.stack().client().base_url(), records, recorder, hot,
        {.threads = 8, .seed = options.seed, .rate = options.rate, .admin = bed.admin()});
    const Time start = now();
    std::this_thread::sleep_for(1s);
    missed += measure("load", editor, options.edits);
    workload.stop();
    const auto seconds = static_cast<double>(now() - start) / 1e9;
    History history;
    (void)recorder.drain_into(history);
    std::cout << fmt::format("load: {:.0f} requests/s\n",
                             static_cast<double>(history.operations.size()) / seconds);
    std::cout << "not seen within 10 s: " << missed << '\n';
    return missed;
}

}  // namespace larder::coherence
