#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "http/request.hpp"
#include "http/router.hpp"
#include "observe/metrics.hpp"
#include "records/read.hpp"

namespace larder {

/// Counts answers by route, method and status, their durations, and reads of records by resource.
/// Labels come from the descriptions of the resources, never from what a client sends. A count
/// costs a few relaxed additions; a series is named when it is first counted. Any thread.
class RequestMetrics {
public:
    using Clock = std::chrono::steady_clock;

    /// A path that answers are counted under.
    using RouteNumber = std::size_t;
    static constexpr RouteNumber unknown_route = 0;

    /// Both must outlive this.
    RequestMetrics(const Metrics& metrics, std::span<const Resource> resources);

    RouteNumber number_of(const http::Location& location) const;

    void count_answer(RouteNumber route, http::Method method, int status,
                      Clock::duration duration) const;
    void count_abandoned() const { metrics_.requests_abandoned.add(); }
    void count_read(const Resource& resource, CacheState state) const;

private:
    MetricCell& cell_of(RouteNumber route, http::Method method, int status) const;
    MetricCell& named_cell(RouteNumber route, http::Method method, int status) const;

    const Metrics& metrics_;
    std::span<const Resource> resources_;
    std::vector<std::string> routes_;             // their templates
    std::vector<RouteNumber> first_of_resource_;  // its collection, its records, then its lists
    mutable std::vector<std::atomic<MetricCell*>> cells_;  // by route, method and status
    std::vector<std::array<Counter, 3>> reads_;            // by resource and CacheState
    std::vector<Counter> buckets_;
    Counter duration_sum_;
};

}  // namespace larder
