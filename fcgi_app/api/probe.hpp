#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "api/operation.hpp"

namespace larder {

/// The calls that wait for a sign of life from PostgreSQL and Redis. Neither a queue nor a busy
/// store thread delays them, for the watch of the database asks, over a connection of its own.
/// After `deadline` the loop takes the calls back and answers them without a sign.
class Probe {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds deadline{850};

    /// Answers calls, on the thread of the watch.
    using Answer = std::function<void(std::vector<Call> calls, Operation::Signs signs)>;

    /// `services` must outlive this. No call may wait any more when this ends.
    Probe(Services& services, Answer answer);

    // For the loop thread.

    /// The call's connection is lent.
    void add(Call call);

    /// The calls that have waited too long; they are the caller's again.
    std::vector<Call> take_overdue(Clock::time_point now);

    bool has_calls() const;

private:
    struct Waiting {
        Call call;
        Clock::time_point since;
        std::uint64_t number;
    };

    /// What the watch may still refer to after the end of this.
    struct State {
        State(Services& services, Answer given);

        std::vector<Call> take(const std::function<bool(const Waiting&)>& is_wanted);

        const Answer answer;
        RecordCache cache;  // of the thread of the watch
        std::mutex mutex;   // guards the two below
        std::vector<Waiting> waiting;
        std::uint64_t next_number = 0;
    };

    DatabaseWatch& watch_;
    std::shared_ptr<State> state_;
};

}  // namespace larder
