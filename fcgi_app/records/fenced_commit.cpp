#include "records/fenced_commit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include "feed/mark.hpp"
#include "mutant.hpp"

namespace larder {

FencedCommit::FencedCommit(Backend& backend, std::vector<const Collection*> collections)
    : backend_(backend), collections_(std::move(collections)) {
    for (const Collection* collection : collections_) ++collection->writers_at_work;
    const bool is_primed = collections_.size() == 1 && collections_.front()->resource.primed;
    if (is_primed) token_ = random_token();
    if constexpr (mutant == Mutant::decide_before_change) {
        decided_ = backend.services.trust.epoch() != 0;
    }
}

FencedCommit::~FencedCommit() {
    for (const Collection* collection : collections_) --collection->writers_at_work;
}

void FencedCommit::add(const Collection& collection, const RowImage* before, const RowImage* after,
                       const std::string& json) {
    const Resource& resource = collection.resource;
    changed_.insert(&collection);
    if (++rows_ > Mark::most_rows) return keys_.clear();
    if (mutant == Mutant::cascade_unfenced && &collection != collections_.front()) return;
    std::ranges::move(outdated_entries(resource, before, after), std::back_inserter(keys_));
    if (token_.empty()) return;
    if (before != nullptr) {
        for (const std::string& key : entries_of(resource, *before)) primed_.erase(key);
    }
    if (after == nullptr) return;
    for (const std::string& key : entries_of(resource, *after)) {
        if (before == nullptr) keys_.push_back(key);
        primed_[key] = after->id;
    }
    primed_[record_key(resource, after->id)] = json;
}

Expected<void> FencedCommit::run(Transaction& transaction) {
    if constexpr (mutant != Mutant::fence_after_commit) fence();
    if constexpr (mutant != Mutant::swap_after_commit) {
        if (auto swapped = swap(); !swapped) return swapped;
    }
    auto committed = transaction.commit(to_text({.host = backend_.services.host_id,
                                                 .epoch = epoch_,
                                                 .rows = rows_,
                                                 .form = backend_.services.form}));
    if constexpr (mutant == Mutant::fence_after_commit) fence();
    if constexpr (mutant == Mutant::swap_after_commit) {
        if (auto swapped = swap(); !swapped) return swapped;
    }
    if (mutant == Mutant::trust_after_commit && !keys_.empty() && epoch_ == 0) {
        backend_.services.trust.lose("a fence failed");
    }
    if (committed) prime();
    return committed;
}

void FencedCommit::prime() {
    if (token_.empty() || epoch_ == 0) return;
    RecordCache::Fills fills{
        .token = token_, .lifetime = backend_.services.lifetime_of(collections_.front()->resource)};
    // An entry without a value only gives its lease back.
    for (const std::string& key : keys_)
        fills.add(key, collections_.front()->form.stored(primed_[key]));
    backend_.cache.fill(epoch_, fills);
}

void FencedCommit::fence() {
    if (rows_ > Mark::most_rows) {
        return backend_.services.trust.lose("a removal has changed too many records for a fence");
    }
    std::ranges::sort(keys_);
    const auto twice = std::ranges::unique(keys_);
    keys_.erase(twice.begin(), twice.end());
    if (keys_.empty()) return;
    if (mutant == Mutant::decide_before_change && !decided_) return;
    epoch_ = backend_.cache.fence(keys_, token_);
}

Expected<void> FencedCommit::swap() {
    for (const Collection* collection : changed_) {
        if (mutant == Mutant::cascade_lists_not_swapped && collection != collections_.front()) {
            continue;
        }
        const std::string& name = collection->resource.name;
        backend_.services.metrics.list_renewals.add();
        if (backend_.services.generations.swap(name)) continue;
        return fail(
            ErrorKind::unavailable, "The list cache cannot be renewed now.",
            fmt::format("cannot swap the generation of {}: {}", name, std::strerror(errno)));
    }
    return {};
}

}  // namespace larder
