#include "gateway/request_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace larder {

namespace {

using http::PathKind;

constexpr std::array fixed_paths = {
    PathKind::unknown, PathKind::welcome, PathKind::greeting,    PathKind::greeting_by_name,
    PathKind::health,  PathKind::metrics, PathKind::openapi,     PathKind::docs,
    PathKind::redoc,   PathKind::status,  PathKind::clear_caches};

constexpr std::size_t method_count = static_cast<std::size_t>(http::Method::other) + 1;

// What workers answer; the most frequent first.
constexpr std::array statuses = {200, 304, 201, 204, 404, 400, 405,
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

std::array<Counter, 3> make_reads(MetricsMemory& memory, const Resource& resource) {
    const auto counter = [&](std::string_view result) {
        return Counter(memory.cell(series_name("larder_cache_reads_total",
                                               {{"resource", resource.name}, {"result", result}})));
    };
    return {counter("hit"), counter("miss"), counter("bypass")};  // in the order of CacheState
}

}  // namespace

RequestMetrics::RequestMetrics(const Metrics& metrics, std::span<const Resource> resources)
    : metrics_(metrics),
      resources_(resources),
      buckets_(make_buckets(metrics.memory)),
      duration_sum_(metrics.memory.cell(fmt::format("{}_sum", duration_family))) {
    for (const PathKind path : fixed_paths) routes_.push_back(http::path_template({.path = path}));
    for (const Resource& resource : resources) {
        first_of_resource_.push_back(routes_.size());
        for (const PathKind path : {PathKind::collection, PathKind::record}) {
            routes_.push_back(http::path_template({.path = path, .resource = &resource}));
        }
        for (const List& list : resource.lists) {
            routes_.push_back(http::path_template(
                {.path = PathKind::list, .resource = &resource, .list = &list}));
        }
        reads_.push_back(make_reads(metrics.memory, resource));
    }
    cells_ = std::vector<std::atomic<MetricCell*>>(routes_.size() * method_count * statuses.size());
}

RequestMetrics::RouteNumber RequestMetrics::number_of(const http::Location& location) const {
    if (location.resource == nullptr) {
        return static_cast<RouteNumber>(std::ranges::find(fixed_paths, location.path) -
                                        fixed_paths.begin());
    }
    const RouteNumber first =
        first_of_resource_[static_cast<std::size_t>(location.resource - resources_.data())];
    if (location.path == PathKind::collection) return first;
    if (location.path == PathKind::record) return first + 1;
    return first + 2 + static_cast<std::size_t>(location.list - location.resource->lists.data());
}

void RequestMetrics::count_answer(RouteNumber route, http::Method method, int status,
                                  Clock::duration duration) const {
    const std::int64_t nanoseconds = std::max<std::int64_t>(0, duration.count());
    cell_of(route, method, status).fetch_add(1, std::memory_order_relaxed);
    const auto bucket = std::ranges::find_if(
        bounds, [nanoseconds](std::int64_t bound) { return nanoseconds <= bound; });
    buckets_[static_cast<std::size_t>(bucket - bounds.begin())].add();
    duration_sum_.add(static_cast<std::uint64_t>(nanoseconds));
}

void RequestMetrics::count_read(const Resource& resource, CacheState state) const {
    reads_[static_cast<std::size_t>(&resource - resources_.data())][static_cast<std::size_t>(state)]
        .add();
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
        series_name("larder_http_requests_total", {{"route", routes_[route]},
                                                   {"method", name_of(method)},
                                                   {"status", std::to_string(status)}}));
}

}  // namespace larder
