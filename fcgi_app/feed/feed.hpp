#pragma once

#include <chrono>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "cache/shared_memory.hpp"
#include "feed/follower.hpp"
#include "feed/invalidate.hpp"
#include "feed/replication.hpp"
#include "records/backend.hpp"

namespace larder {

/// Follows PostgreSQL's log, so that what is written past the workers of this host reaches its
/// caches within milliseconds. It renews all caches whenever it starts to follow, because it cannot
/// know what it missed. While it is late (after a huge transaction, for example), it renews them
/// every second. It connects again after each lost connection. For one thread.
class Feed {
public:
    /// `stop` is a descriptor that becomes readable when the feed shall end; never closed or read
    /// here. The rest must outlive this.
    Feed(Services& services, std::span<const Resource> resources, int stop);

    /// Returns after `stop`.
    void run();

private:
    using Clock = std::chrono::steady_clock;
    using Result = std::expected<void, std::string>;

    Result follow();
    Result wait_for_slot(Replication& replication);
    Result stream(Replication& replication);
    std::expected<bool, std::string> drain(Replication& replication, Clock::time_point until);
    Result take(std::string_view message);
    Result settle();
    Result tend(Replication& replication, Clock::time_point now);
    Result renew_blindly();
    bool is_late() const;
    Result report_status(Replication& replication);
    Result wait(int socket, Clock::time_point until);
    void report(const std::string& trouble);

    Backend backend_;
    std::span<const Resource> resources_;
    SharedState& memory_;
    const int stop_;
    std::string last_trouble_;
    bool is_stopped_ = false;

    // Of the stream at hand.
    Follower follower_;
    Invisible invisible_;
    Clock::time_point started_;
    Clock::time_point heard_;    // when PostgreSQL last sent anything
    Clock::time_point renewed_;  // when all caches were last renewed
    pgoutput::Lsn handled_ = 0;
    Clock::time_point next_tick_;
    std::chrono::microseconds lag_{};  // from commit to arrival, of what was taken last
    std::chrono::microseconds batch_lag_{};
    Clock::duration longest_lag_{};  // from commit to done, since the last tick
    bool is_reply_wanted_ = false;
};

}  // namespace larder
