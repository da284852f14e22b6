#include "records/publication.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "feed/mark.hpp"
#include "mutant.hpp"

namespace larder {

Publication::Publication(Backend& backend, const Collection& collection)
    : backend_(backend), collection_(collection) {
    ++collection.writers_at_work;
    if (collection.resource.primed) token_ = random_token();
    if constexpr (mutant == Mutant::decide_before_change) {
        decided_ = backend.larder.trust.epoch() != 0;
    }
}

Publication::~Publication() { --collection_.writers_at_work; }

void Publication::add(std::string key) {
    if (std::ranges::find(keys_, key) == keys_.end()) keys_.push_back(std::move(key));
}

Expected<void> Publication::commit(Transaction& transaction, std::size_t rows) {
    if constexpr (mutant != Mutant::fence_after_commit) fence();
    if constexpr (mutant != Mutant::swap_after_commit) {
        if (auto swapped = swap(); !swapped) return swapped;
    }
    auto committed = transaction.commit(
        to_text({.host = backend_.larder.host_id, .epoch = epoch_, .rows = rows}));
    if constexpr (mutant == Mutant::fence_after_commit) fence();
    if constexpr (mutant == Mutant::swap_after_commit) {
        if (auto swapped = swap(); !swapped) return swapped;
    }
    if (mutant == Mutant::trust_after_commit && !keys_.empty() && epoch_ == 0) {
        backend_.larder.trust.lose("a fence failed");
    }
    return committed;
}

void Publication::prime(const Entries& values) {
    if (token_.empty() || epoch_ == 0) return;
    RecordCache::Fills fills{.token = token_,
                             .lifetime = backend_.larder.lifetime_of(collection_.resource)};
    for (const std::string& key : keys_) {
        const auto value = values.find(key);
        fills.add(key, value == values.end() ? "" : value->second);
    }
    backend_.cache.fill(epoch_, fills);
}

void Publication::fence() {
    if (keys_.empty()) return;
    if (mutant == Mutant::decide_before_change && !decided_) return;
    epoch_ = backend_.cache.fence(keys_, token_);
}

Expected<void> Publication::swap() {
    backend_.larder.metrics.list_renewals.add();
    if (backend_.larder.generations.swap(collection_.resource.name)) return {};
    return fail(ErrorKind::unavailable, "The list cache cannot be renewed now.",
                fmt::format("cannot swap the generation of {}: {}", collection_.resource.name,
                            std::strerror(errno)));
}

}  // namespace larder
