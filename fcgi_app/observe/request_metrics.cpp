#include "observe/request_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace larder {

namespace {

constexpr std::size_t method_count = static_cast<std::size_t>(http::Method::other) + 1;

// What workers answer; the most frequent first.
constexpr std::array statuses = {200, 304, 201, 204, 404, 400, 403, 405,
                                 409, 412, 413, 415, 422, 500, 503};

// Upper bounds of the durations, in nanoseconds; the last bucket has none.
constexpr std::array<std::int64_t, 16> bounds = {
    100'000,       250'000,       500'000,       1'000'000,     2'500'000,   5'000'000,
    10'000'000,    25'000'000,    50'000'000,    100'000'000,   250'000'000, 500'000'000,
    1'000'000'000, 2'500'000'000, 5'000'000'000, 10'000'000'000};

constexpr std::string_view duration_family = "larder_http_request_duration_seconds";

std::string bucket_name(const std::string& bound) {
    return series_name(fmt::format("{}_bucket", duration_family), {{"le", bound}});
}

std::vector<Counter> make_buckets(MetricsMemory& memory) {
    std::vector<Counter> buckets;
    for (const std::int64_t bound : bounds) {
        const double seconds = static_cast<double>(bound) / 1e9;
        buckets.emplace_back(memory.cell(bucket_name(fmt::format("{}", seconds))));
    }
    buckets.emplace_back(memory.cell(bucket_name("+Inf")));
    return buckets;
}

}  // namespace

RequestMetrics::RequestMetrics(const Metrics& metrics, std::vector<std::string> patterns)
    : metrics_(metrics),
      patterns_(std::move(patterns)),
      cells_(patterns_.size() * method_count * statuses.size()),
      buckets_(make_buckets(metrics.memory)),
      duration_sum_(metrics.memory.cell(fmt::format("{}_sum", duration_family))) {}

void RequestMetrics::count_answer(RouteNumber route, http::Method method, int status,
                                  Clock::duration duration) const {
    const std::int64_t nanoseconds = std::max<std::int64_t>(0, duration.count());
    cell_of(route, method, status).fetch_add(1, std::memory_order_relaxed);
    const auto bucket = std::ranges::find_if(
        bounds, [nanoseconds](std::int64_t bound) { return nanoseconds <= bound; });
    buckets_[static_cast<std::size_t>(bucket - bounds.begin())].add();
    duration_sum_.add(static_cast<std::uint64_t>(nanoseconds));
}

MetricCell& RequestMetrics::cell_of(RouteNumber route, http::Method method, int status) const {
    const auto* known = std::ranges::find(statuses, status);
    if (known == statuses.end()) return named_cell(route, method, status);
    const std::size_t row = route * method_count + static_cast<std::size_t>(method);
    auto& slot = cells_[row * statuses.size() + static_cast<std::size_t>(known - statuses.begin())];
    MetricCell* cell = slot.load(std::memory_order_acquire);
    if (cell == nullptr) {
        cell = &named_cell(route, method, status);
        slot.store(cell, std::memory_order_release);
    }
    return *cell;
}

MetricCell& RequestMetrics::named_cell(RouteNumber route, http::Method method, int status) const {
    return metrics_.memory.cell(
        series_name("larder_http_requests_total", {{"route", patterns_[route]},
                                                   {"method", name_of(method)},
                                                   {"status", std::to_string(status)}}));
}

}  // namespace larder
