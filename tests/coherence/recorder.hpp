#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "history.hpp"

namespace larder::coherence {

/// Numbers the records of a run. Any thread may call it.
class RecordTable {
public:
    RecordNumber number_of(Resource resource, const std::string& id);
    /// The path of a record, "/items/6f0…".
    [[nodiscard]] std::string path_of(RecordNumber record) const;
    /// The ID within its resource.
    [[nodiscard]] std::string id_of(RecordNumber record) const;

private:
    mutable std::mutex mutex_;
    std::unordered_map<std::string, RecordNumber> numbers_;
    std::deque<std::string> paths_;
};

/// Collects the operations of the client threads while they run. An operation is known from its
/// start, so that a read of its value never comes before it; until it has ended its outcome is
/// unknown.
class Recorder {
public:
    /// The log of one thread, which alone calls begin, finish and report. Lives as long as the
    /// recorder.
    class Log {
    public:
        /// Sets the start. One operation is under way at a time, or those of one request.
        void begin(Operation operation);
        void begin(std::vector<Operation> operations);
        /// What came of it; the start is the one of begin(), the end is set here. `implied`: what
        /// the answer says of other records, at the same time.
        void finish(Operation operation, std::vector<Operation> implied = {});
        /// The same, with a remark that the answer is wrong by itself.
        void finish(Operation operation, std::string anomaly);
        /// What came of all that were begun together. `anomaly`: empty, or such a remark.
        void finish(std::vector<Operation> operations, std::vector<Operation> implied,
                    std::string anomaly);

    private:
        friend class Recorder;
        std::mutex mutex_;
        std::vector<Operation> finished_;
        std::vector<Operation> pending_;
        std::vector<Anomaly> anomalies_;
    };

    Log& new_log();
    /// A value that no other write of this run has.
    Value next_value(unsigned employee_id = 0, bool high_salary = false);
    /// A number for writes that take effect together.
    std::uint32_t next_together() { return ++together_; }

    /// Moves what was finished since the last call into `history`, and returns what is under way.
    /// For one thread at a time.
    std::vector<Operation> drain_into(History& history);

private:
    std::mutex mutex_;
    std::deque<Log> logs_;
    std::atomic<std::uint64_t> values_ = 0;
    std::atomic<std::uint32_t> together_ = 0;
};

}  // namespace larder::coherence
