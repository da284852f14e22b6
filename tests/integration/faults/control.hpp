#pragma once

#include <atomic>
#include <cstdint>
#include <type_traits>

namespace larder::test {

/// What the test and the worker larder-worker-faults share: a file that both map, named by the
/// environment variable LARDER_FAULTS. It begins as zeros. The test may arm a fault at any time.
struct FaultControl {
    /// The fault that is armed: kind (larder::Fault) << 40 | seam (larder::Seam) << 32 | calls
    /// until it strikes. 1: the next call. The worker counts down; 0 and less than a call: not
    /// armed.
    std::atomic<std::uint64_t> armed;
    std::atomic<std::uint64_t> calls[2];  ///< since the beginning, by seam
    std::atomic<std::uint32_t> strikes;   ///< since the beginning
    char struck[200];                     ///< text of the last call that was struck
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(std::is_trivially_destructible_v<FaultControl>);

constexpr std::uint64_t armed_word(std::uint64_t kind, std::uint64_t seam, std::uint64_t calls) {
    return kind << 40U | seam << 32U | calls;
}

}  // namespace larder::test
