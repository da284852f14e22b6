#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "api/operation.hpp"

namespace larder {

/// The thread that asks PostgreSQL and Redis for a sign of life, with connections of its own, so
/// that neither a queue nor a busy store thread delays the answer. A store that is hung holds up
/// this thread only: after `deadline` the loop takes the calls back and answers them without it.
class Probe {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds deadline{800};

    /// Answers calls on the thread of the probe.
    using Answer = std::function<void(std::vector<Call> calls, Operation::Signs signs)>;

    Probe(Services& services, Answer answer);
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;

    // For the loop thread.

    /// The call's connection is lent.
    void add(Call call);

    /// The calls that have waited too long; they are the caller's again.
    std::vector<Call> take_overdue(Clock::time_point now);

    bool has_calls() const;

    /// Whether the thread waits for a store now. Any thread.
    bool is_probing() const { return is_probing_.load(); }

private:
    struct Waiting {
        Call call;
        Clock::time_point since;
        std::uint64_t number;
    };

    void work(const std::stop_token& stop, Services& services);
    std::vector<Call> take_until(std::uint64_t number);

    Answer answer_;
    mutable std::mutex mutex_;  // guards the three below
    std::condition_variable_any wake_;
    std::vector<Waiting> waiting_;
    std::uint64_t next_number_ = 0;
    std::atomic<bool> is_probing_ = false;
    std::jthread thread_;  // last: it uses the members above
};

}  // namespace larder
