#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "http/request.hpp"
#include "observe/metrics.hpp"

namespace larder {

/// Counts answers by route, method and status, and their durations. Labels come from the patterns
/// of the routes, never from what a client sends. A count costs a few relaxed additions; a series
/// is named when it is first counted. Any thread.
class RequestMetrics {
public:
    using Clock = std::chrono::steady_clock;

    /// A path that answers are counted under: its place in `patterns`.
    using RouteNumber = std::size_t;
    static constexpr RouteNumber unknown_route = 0;

    /// `metrics` must outlive this. The first of the patterns stands for every path where there is
    /// nothing.
    RequestMetrics(const Metrics& metrics, std::vector<std::string> patterns);

    void count_answer(RouteNumber route, http::Method method, int status,
                      Clock::duration duration) const;
    void count_abandoned() const { metrics_.requests_abandoned.add(); }

private:
    MetricCell& cell_of(RouteNumber route, http::Method method, int status) const;
    MetricCell& named_cell(RouteNumber route, http::Method method, int status) const;

    const Metrics& metrics_;
    std::vector<std::string> patterns_;
    mutable std::vector<std::atomic<MetricCell*>> cells_;  // by route, method and status
    std::vector<Counter> buckets_;
    Counter duration_sum_;
};

}  // namespace larder
