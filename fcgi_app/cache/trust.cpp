#include "cache/trust.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "observe/log.hpp"

namespace larder {

namespace {

constexpr std::uint64_t joining_bit = std::uint64_t{1} << 63;

/// What two fields of the shared state hold of an identity `run_id master_replid`.
std::pair<std::string_view, std::string_view> parts(std::string_view identity) {
    constexpr std::size_t room = sizeof(SharedState::redis_run_id) - 1;
    const auto space = std::min(identity.find(' '), identity.size());
    const auto rest = identity.substr(std::min(space + 1, identity.size()));
    return {identity.substr(0, std::min(space, room)), rest.substr(0, room)};
}

}  // namespace

std::uint64_t Trust::epoch() const {
    const Fencing now = fencing();
    return now.is_joining ? 0 : now.epoch;
}

Trust::Fencing Trust::fencing() const {
    const std::uint64_t word = state_.trusted_epoch.load();
    return {.epoch = word & ~joining_bit, .is_joining = (word & joining_bit) != 0};
}

void Trust::lose(std::string_view cause) {
    const std::uint64_t lost = state_.trusted_epoch.exchange(0) & ~joining_bit;
    if (lost == 0) return;
    log_error("redis_trust_lost", {{"epoch", std::to_string(lost)}, {"cause", cause}});
}

void Trust::follow(std::uint64_t seen, std::uint64_t live) {
    if (seen != 0 && live > seen) {
        // Fails where the word has changed meanwhile, above all where it has become 0.
        state_.trusted_epoch.compare_exchange_strong(seen, live);
    } else {
        lose("Redis has forgotten the epoch, or has an older one");
    }
}

bool Trust::knows(std::string_view identity) const {
    const auto [run_id, replid] = parts(identity);
    const bool is_known = !run_id.empty() &&
                          run_id == std::string_view(state_.redis_run_id.data()) &&
                          replid == std::string_view(state_.redis_replid.data());
    std::atomic_thread_fence(std::memory_order_seq_cst);  // before the word is loaded again
    return is_known;
}

bool Trust::begin(std::uint64_t epoch, std::string_view identity) {
    if (identity.empty()) return false;
    if (!knows(identity)) {
        lose("another Redis is joined");
        const auto [run_id, replid] = parts(identity);
        *std::ranges::copy(run_id, state_.redis_run_id.begin()).out = '\0';
        *std::ranges::copy(replid, state_.redis_replid.begin()).out = '\0';
    }
    std::uint64_t word = state_.trusted_epoch.load();
    return state_.trusted_epoch.compare_exchange_strong(word, epoch | joining_bit);
}

bool Trust::complete(std::uint64_t epoch) {
    std::uint64_t word = epoch | joining_bit;
    return state_.trusted_epoch.compare_exchange_strong(word, epoch);
}

}  // namespace larder
