#include "records/fenced_commit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "feed/mark.hpp"
#include "mutant.hpp"

namespace larder {

FencedCommit::FencedCommit(Backend& backend, const Collection& collection)
    : backend_(backend), collection_(collection) {
    ++collection.writers_at_work;
    if (collection.resource.primed) token_ = random_token();
    if constexpr (mutant == Mutant::decide_before_change) {
        decided_ = backend.services.trust.epoch() != 0;
    }
}

FencedCommit::~FencedCommit() { --collection_.writers_at_work; }

void FencedCommit::add(const RowImage* before, const RowImage* after, const std::string& json) {
    const Resource& resource = collection_.resource;
    for (std::string& key : outdated_entries(resource, before, after)) add_key(std::move(key));
    if (!resource.primed) return;
    if (before != nullptr) {
        for (const std::string& key : entries_of(resource, *before)) primed_.erase(key);
    }
    if (after == nullptr) return;
    for (const std::string& key : entries_of(resource, *after)) {
        if (before == nullptr) add_key(key);
        primed_[key] = after->id;
    }
    primed_[record_key(resource, after->id)] = json;
}

void FencedCommit::add_key(std::string key) {
    if (std::ranges::find(keys_, key) == keys_.end()) keys_.push_back(std::move(key));
}

Expected<void> FencedCommit::run(Transaction& transaction, std::size_t rows) {
    if constexpr (mutant != Mutant::fence_after_commit) fence();
    if constexpr (mutant != Mutant::swap_after_commit) {
        if (auto swapped = swap(); !swapped) return swapped;
    }
    auto committed = transaction.commit(to_text({.host = backend_.services.host_id,
                                                 .epoch = epoch_,
                                                 .rows = rows,
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
    RecordCache::Fills fills{.token = token_,
                             .lifetime = backend_.services.lifetime_of(collection_.resource)};
    // An entry without a value only gives its lease back.
    for (const std::string& key : keys_) fills.add(key, collection_.form.stored(primed_[key]));
    backend_.cache.fill(epoch_, fills);
}

void FencedCommit::fence() {
    if (keys_.empty()) return;
    if (mutant == Mutant::decide_before_change && !decided_) return;
    epoch_ = backend_.cache.fence(keys_, token_);
}

Expected<void> FencedCommit::swap() {
    backend_.services.metrics.list_renewals.add();
    if (backend_.services.generations.swap(collection_.resource.name)) return {};
    return fail(ErrorKind::unavailable, "The list cache cannot be renewed now.",
                fmt::format("cannot swap the generation of {}: {}", collection_.resource.name,
                            std::strerror(errno)));
}

}  // namespace larder
