#include "cache/trust.hpp"

#include <algorithm>

namespace larder {

namespace {

constexpr std::uint64_t joining_bit = std::uint64_t{1} << 63;

}  // namespace

std::uint64_t Trust::epoch() const {
    const Fencing now = fencing();
    return now.is_joining ? 0 : now.epoch;
}

Trust::Fencing Trust::fencing() const {
    const std::uint64_t word = state_.trusted_epoch.load();
    return {.epoch = word & ~joining_bit, .is_joining = (word & joining_bit) != 0};
}

void Trust::follow(std::uint64_t seen, std::uint64_t live) {
    if (seen != 0 && live > seen) {
        // Fails where the word has changed meanwhile, above all where it has become 0.
        state_.trusted_epoch.compare_exchange_strong(seen, live);
    } else {
        lose();
    }
}

bool Trust::knows(std::string_view run_id) const {
    const bool is_known = run_id == std::string_view(state_.redis_run_id.data());
    std::atomic_thread_fence(std::memory_order_seq_cst);  // before the word is loaded again
    return is_known;
}

bool Trust::begin(std::uint64_t epoch, std::string_view run_id) {
    if (!knows(run_id)) {
        lose();
        run_id = run_id.substr(0, state_.redis_run_id.size() - 1);
        *std::ranges::copy(run_id, state_.redis_run_id.begin()).out = '\0';
    }
    std::uint64_t word = state_.trusted_epoch.load();
    return state_.trusted_epoch.compare_exchange_strong(word, epoch | joining_bit);
}

bool Trust::complete(std::uint64_t epoch) {
    std::uint64_t word = epoch | joining_bit;
    return state_.trusted_epoch.compare_exchange_strong(word, epoch);
}

}  // namespace larder
