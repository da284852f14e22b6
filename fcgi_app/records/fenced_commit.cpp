#include "records/fenced_commit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include "feed/mark.hpp"
#include "mutant.hpp"
#include "records/epoch.hpp"
#include "records/renew_lists.hpp"
#include "store/cache_locks.hpp"

namespace larder {

RowImage removed_image(const Collection& collection, const Row& row) {
    const auto& sources = collection.statements.tag_sources();
    const auto end = row.end() - std::ssize(sources);
    return {.id = *row[0], .unique_values = {row.begin() + 1, end}, .tag_values = {end, row.end()}};
}

namespace {

void add_tags(OutdatedLists& lists, const Collection& collection, const RowImage* before,
              const RowImage* after) {
    for (const RowImage* image : {before, after}) {
        if (image == nullptr) continue;
        if (mutant == Mutant::old_tags_not_swapped && image == before && after != nullptr) continue;
        lists.add(tags_of(collection.statements.tag_sources(), image->tag_values));
    }
}

}  // namespace

FencedCommit::FencedCommit(Backend& backend, std::vector<const Collection*> collections)
    : backend_(backend), collections_(std::move(collections)) {
    const bool is_primed = collections_.size() == 1 && collections_.front()->resource.primed;
    if (is_primed) token_ = random_token();
    if (mutant == Mutant::decide_before_change) {
        decided_ = backend.services.trust.epoch() != 0;
    }
}

FencedCommit::~FencedCommit() {
    if (is_counted_) count_writers(-1);
}

void FencedCommit::add(const Collection& collection, const RowImage* before, const RowImage* after,
                       const std::string& json) {
    const Resource& resource = collection.resource;
    add_tags(changed_[&collection], collection, before, after);
    if (mutant == Mutant::tags_swapped_before_lock) {
        add_tags(unlocked_[&collection], collection, before, after);
    }
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

void FencedCommit::add_unlocked(const Collection& collection, const RowImage* before,
                                const RowImage* after, const std::string& json) {
    add_tags(unlocked_[&collection], collection, before, after);
    add(collection, before, after, json);
}

void FencedCommit::add_import(const Collection& collection) {
    is_import_ = true;
    if (mutant != Mutant::import_lists_not_locked) unlocked_[&collection].add_all();
    if (mutant == Mutant::import_lists_not_swapped) return;
    changed_[&collection].add_all();
    if (mutant == Mutant::import_lists_swapped_early) {
        (void)swap();
        changed_.clear();
    }
}

Expected<void> FencedCommit::run(Transaction& transaction) {
    const bool is_fenced_late = mutant == Mutant::fence_after_commit ||
                                (mutant == Mutant::import_fence_after_commit && is_import_);
    if (!is_fenced_late) fence();
    if (mutant == Mutant::tags_swapped_before_lock) {
        if (auto swapped = swap(); !swapped) return swapped;
    }
    if (mutant != Mutant::tags_not_locked) {
        if (auto locked = lock(transaction); !locked) return locked;
    }
    if (mutant != Mutant::swap_after_commit && mutant != Mutant::tags_swapped_before_lock) {
        if (auto swapped = swap(); !swapped) return swapped;
    }
    auto committed = transaction.commit(to_text({.host = backend_.services.host_id,
                                                 .epoch = epoch_,
                                                 .rows = rows_,
                                                 .form = backend_.services.form}));
    if (is_fenced_late) fence();
    if (mutant == Mutant::swap_after_commit) {
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
        return backend_.services.trust.lose(
            "a transaction has changed too many records for a fence");
    }
    std::ranges::sort(keys_);
    const auto twice = std::ranges::unique(keys_);
    keys_.erase(twice.begin(), twice.end());
    if (keys_.empty()) return;
    if (mutant == Mutant::decide_before_change && !decided_) return;
    epoch_ = backend_.cache.fence(keys_, token_);
}

/// Before the first look for a link: whoever makes one later finds the lock.
Expected<void> FencedCommit::lock(Transaction& transaction) {
    // Nobody knows here what the tags of the other descriptions are.
    if (descriptions_change(backend_.services)) {
        for (auto& [collection, lists] : changed_) {
            lists.add_all();
            unlocked_[collection].add_all();
        }
    }
    std::vector<std::string> locks;
    for (const auto& [collection, lists] : unlocked_) {
        std::ranges::move(locks_of(collection->resource, lists), std::back_inserter(locks));
    }
    count_writers(1);
    if (locks.empty()) return {};
    return transaction.lock(take_locks(locks));
}

/// Of the writers that lists need not ask PostgreSQL about.
void FencedCommit::count_writers(int change) {
    is_counted_ = change > 0;
    for (const auto& [collection, lists] : changed_) collection->writers_at_work += change;
}

Expected<void> FencedCommit::swap() {
    for (const auto& [collection, lists] : changed_) {
        if (mutant == Mutant::cascade_lists_not_swapped && collection != collections_.front()) {
            continue;
        }
        if (auto swapped = swap(*collection, lists); !swapped) return swapped;
    }
    return {};
}

Expected<void> FencedCommit::swap(const Collection& collection, const OutdatedLists& lists) {
    const std::string& name = collection.resource.name;
    backend_.services.metrics.list_renewals.add();
    if (renew_lists(backend_.services.generations, name, lists)) return {};
    return fail(ErrorKind::unavailable, "The list cache cannot be renewed now.",
                fmt::format("cannot swap a generation of {}: {}", name, std::strerror(errno)));
}

}  // namespace larder
