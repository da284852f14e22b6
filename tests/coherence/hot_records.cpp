#include "hot_records.hpp"

namespace larder::coherence {
namespace {

constexpr unsigned employee_ids = 3000;
constexpr unsigned ids_at_a_time = 3;

}  // namespace

HotRecords::AllSlots::AllSlots() : array() {
    for (auto& of_resource : *this) {
        for (auto& slot : of_resource) slot = no_record;
    }
}

RecordNumber HotRecords::at(Resource resource, std::size_t slot) const {
    return slots_[static_cast<std::size_t>(resource)][slot];
}

void HotRecords::replace(Resource resource, std::size_t slot, RecordNumber record) {
    const RecordNumber former = of(resource)[slot].exchange(record);
    if (former != no_record) doom(resource, former);
}

void HotRecords::drop(Resource resource, std::size_t slot, RecordNumber record) {
    of(resource)[slot].compare_exchange_strong(record, no_record);
}

void HotRecords::doom(Resource resource, RecordNumber record) {
    const std::scoped_lock lock(mutex_);
    doomed_.push_back({resource, record});
    has_doomed_ = true;
}

std::optional<HotRecords::Doomed> HotRecords::take_doomed() {
    if (!has_doomed_) return std::nullopt;
    const std::scoped_lock lock(mutex_);
    if (doomed_.empty()) return std::nullopt;
    const Doomed doomed = doomed_.back();
    doomed_.pop_back();
    has_doomed_ = !doomed_.empty();
    return doomed;
}

std::size_t HotRecords::count_doomed() {
    const std::scoped_lock lock(mutex_);
    return doomed_.size();
}

void HotRecords::expect_orphan(Value value) {
    const std::scoped_lock lock(mutex_);
    orphans_.insert(value);
    has_orphans_ = true;
}

void HotRecords::find_orphans(Resource resource, const std::vector<ListEntry>& entries) {
    if (!has_orphans_) return;
    const std::scoped_lock lock(mutex_);
    for (const auto& entry : entries) {
        if (orphans_.erase(entry.value) == 0) continue;
        doomed_.push_back({resource, entry.record});
        has_doomed_ = true;
    }
    has_orphans_ = !orphans_.empty();
}

unsigned HotRecords::some_employee_id(std::mt19937_64& random) const {
    using namespace std::chrono_literals;
    const auto period = static_cast<unsigned>((std::chrono::steady_clock::now() - start_) / 5s);
    const auto one = std::uniform_int_distribution<unsigned>(0, ids_at_a_time - 1)(random);
    return 1 + (period * ids_at_a_time + one) % employee_ids;
}

}  // namespace larder::coherence
