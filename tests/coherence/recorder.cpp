#include "recorder.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace larder::coherence {

Time now() { return nanoseconds(std::chrono::steady_clock::now().time_since_epoch()); }

RecordNumber RecordTable::number_of(Resource resource, const std::string& id) {
    std::string path = "/" + std::string(name_of(resource)) + "/" + id;
    const std::scoped_lock lock(mutex_);
    const auto [found, is_new] =
        numbers_.try_emplace(path, static_cast<RecordNumber>(paths_.size()));
    if (is_new) paths_.push_back(std::move(path));
    return found->second;
}

std::string RecordTable::path_of(RecordNumber record) const {
    const std::scoped_lock lock(mutex_);
    return paths_.at(record);
}

std::string RecordTable::id_of(RecordNumber record) const {
    const auto path = path_of(record);
    return path.substr(path.rfind('/') + 1);
}

void Recorder::Log::begin(Operation operation) { begin(std::vector{std::move(operation)}); }

void Recorder::Log::begin(std::vector<Operation> operations) {
    const std::scoped_lock lock(mutex_);
    const Time start = now();
    for (auto& operation : operations) {
        operation.start = start;
        operation.end = never;
        operation.outcome = Outcome::unknown;
    }
    pending_ = std::move(operations);
}

void Recorder::Log::finish(Operation operation, std::vector<Operation> implied) {
    finish(std::vector{std::move(operation)}, std::move(implied), {});
}

void Recorder::Log::finish(Operation operation, std::string anomaly) {
    finish(std::vector{std::move(operation)}, {}, std::move(anomaly));
}

void Recorder::Log::finish(std::vector<Operation> operations, std::vector<Operation> implied,
                           std::string anomaly) {
    const Time end = now();
    const std::scoped_lock lock(mutex_);
    const Time start = std::exchange(pending_, {}).front().start;
    for (auto& other : implied) {
        other.start = start;
        other.end = other.outcome == Outcome::unknown ? never : end;
        finished_.push_back(std::move(other));
    }
    for (auto& operation : operations) {
        operation.start = start;
        operation.end = operation.outcome == Outcome::unknown ? never : end;
        finished_.push_back(std::move(operation));
    }
    if (!anomaly.empty()) anomalies_.push_back({finished_.back(), std::move(anomaly)});
}

Recorder::Log& Recorder::new_log() {
    const std::scoped_lock lock(mutex_);
    return logs_.emplace_back();
}

Value Recorder::next_value(unsigned employee_id, bool high_salary) {
    return Value::make(++values_, employee_id, high_salary);
}

std::vector<Operation> Recorder::drain_into(History& history) {
    const std::scoped_lock lock(mutex_);
    std::vector<std::unique_lock<std::mutex>> locks;
    for (auto& log : logs_) locks.emplace_back(log.mutex_);
    std::vector<Operation> pending;
    for (auto& log : logs_) {
        std::ranges::move(log.finished_, std::back_inserter(history.operations));
        std::ranges::move(log.anomalies_, std::back_inserter(history.anomalies));
        log.finished_.clear();
        log.anomalies_.clear();
        std::ranges::copy(log.pending_, std::back_inserter(pending));
    }
    return pending;
}

}  // namespace larder::coherence
