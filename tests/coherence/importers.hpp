#pragma once

#include <atomic>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <thread>
#include <vector>

#include "hot_records.hpp"
#include "recorder.hpp"

namespace larder::coherence {

struct ImporterOptions {
    unsigned threads = 2;
    std::uint64_t seed = 1;
};

/// Clients that send imports, of CSV and NDJSON, all one after the other until stopped: of new
/// records with ids of their own, of changes of the hot records, and of employees by their IDs;
/// with rows that must fail or be skipped; all or none, trials, bodies that come slowly and bodies
/// that are cut off. Each row is recorded as a write whose answer is that of the import.
class Importers {
public:
    /// All that is handed in must outlive this.
    Importers(std::string base_url, RecordTable& records, Recorder& recorder, HotRecords& hot,
              ImporterOptions options);
    ~Importers() { stop(); }
    Importers(const Importers&) = delete;
    Importers& operator=(const Importers&) = delete;

    /// Ends when the imports that are under way have ended.
    void stop();

    /// How many imports there were, and what became of them and of their rows.
    void report(std::ostream& out) const;

private:
    class Client;

    struct Counts {
        std::atomic<std::size_t> imports = 0;
        std::atomic<std::size_t> all_or_none = 0;
        std::atomic<std::size_t> cut_off = 0;
        std::atomic<std::size_t> unanswered = 0;
        std::atomic<std::size_t> rows = 0;  // of any outcome
        std::atomic<std::size_t> done = 0;  // rows
    };

    Counts counts_;
    std::vector<std::jthread> threads_;
};

}  // namespace larder::coherence
