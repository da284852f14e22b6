#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>

namespace larder {

/// What the processes of one host share, in the file RUN_DIR/shared. The file holds no truth: it
/// may be deleted while nothing runs, and starts with no trust in Redis.
///
/// Processes of two versions share it while a new version goes live: a field keeps its place and
/// its meaning for ever, new ones are appended and begin as zero, and the layout counts those
/// steps.
struct SharedState {
    static constexpr std::uint64_t current_layout = 2;

    std::atomic<std::uint64_t> layout;
    std::atomic<std::uint64_t> trusted_epoch;  ///< see cache/trust.hpp
    std::array<char, 64> redis_run_id;         ///< of the Redis that is trusted; written at epoch 0
    std::array<char, 40> host_id;              ///< random; marks the transactions of this host
    std::atomic<std::int64_t> feed_alive_at;   ///< when larder-feed last followed the log (Unix
                                               ///< time in ms); 0: it does not
    std::atomic<std::int64_t> feed_lag_us;     ///< its longest delay in the last second
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(offsetof(SharedState, trusted_epoch) == 8 &&
              offsetof(SharedState, redis_run_id) == 16 && offsetof(SharedState, host_id) == 80 &&
              offsetof(SharedState, feed_alive_at) == 120 &&
              offsetof(SharedState, feed_lag_us) == 128);

/// Whether larder-feed follows PostgreSQL's log: it gives a sign of life every second.
bool is_feed_alive(const SharedState& state);

struct UnmapSharedState {
    void operator()(SharedState* state) const;
};
using SharedMemory = std::unique_ptr<SharedState, UnmapSharedState>;

/// Maps the file in `run_dir` (which must exist), and initializes it if this process is the first.
/// Fails with a message for the operator.
std::expected<SharedMemory, std::string> open_shared_memory(const std::string& run_dir);

/// A random token of 32 hex digits that was never given out before. Never fails.
std::string random_token();

}  // namespace larder
