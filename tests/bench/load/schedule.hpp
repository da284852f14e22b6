#pragma once

#include <chrono>
#include <cstdint>

namespace larder::bench {

using Clock = std::chrono::steady_clock;

/// When the requests of a fixed rate are due. Latency counts from there, not from when a request
/// could be sent: otherwise a server that stands still for a second would delay the requests of
/// that second unseen (coordinated omission). One thread at a time.
class Schedule {
public:
    /// `rate` in requests per second; the first request is due at `start`.
    Schedule(Clock::time_point start, double rate) : start_(start), interval_(1e9 / rate) {}

    Clock::time_point next() const {
        return start_ + std::chrono::nanoseconds(
                            static_cast<std::int64_t>(interval_ * static_cast<double>(taken_)));
    }

    bool is_due(Clock::time_point now) const { return next() <= now; }

    /// The time at which the next request is due, which counts as sent from now on.
    Clock::time_point take() {
        const auto due = next();
        ++taken_;
        return due;
    }

private:
    Clock::time_point start_;
    double interval_;  // nanoseconds
    std::uint64_t taken_ = 0;
};

}  // namespace larder::bench
