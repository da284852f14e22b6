#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <random>
#include <unordered_set>
#include <vector>

#include "history.hpp"

namespace larder::coherence {

/// The few records of each resource that all clients work on, and those that have to go. Any thread
/// may call it.
class HotRecords {
public:
    static constexpr std::size_t slots = 4;

    struct Doomed {
        Resource resource;
        RecordNumber record;
    };

    /// no_record: the slot is empty.
    [[nodiscard]] RecordNumber at(Resource resource, std::size_t slot) const;
    /// Puts a record into a slot and gives the former one, or no_record, to the doomed.
    void replace(Resource resource, std::size_t slot, RecordNumber record);
    /// Empties a slot if it still holds this record.
    void drop(Resource resource, std::size_t slot, RecordNumber record);

    void doom(Resource resource, RecordNumber record);
    std::optional<Doomed> take_doomed();
    std::size_t count_doomed();

    /// A creation whose answer did not come: if a list shows its value, the record is doomed.
    void expect_orphan(Value value);
    void find_orphans(Resource resource, const std::vector<ListEntry>& entries);

    /// One of the few that are claimed now. They give way to new ones, so that a claim whose
    /// outcome is unknown does not explain refusals for the rest of the run. At most 3000.
    unsigned some_employee_id(std::mt19937_64& random) const;

private:
    using Slots = std::array<std::atomic<RecordNumber>, slots>;

    struct AllSlots : std::array<Slots, all_resources.size()> {
        AllSlots();
    };

    Slots& of(Resource resource) { return slots_[static_cast<std::size_t>(resource)]; }

    const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    AllSlots slots_;
    std::mutex mutex_;
    std::vector<Doomed> doomed_;
    std::unordered_set<Value> orphans_;
    std::atomic<bool> has_doomed_ = false;
    std::atomic<bool> has_orphans_ = false;
};

}  // namespace larder::coherence
