#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "observe/metrics_memory.hpp"

namespace larder {

/// A number that only grows. Any thread; costs one atomic addition.
class Counter {
public:
    explicit Counter(MetricCell& cell) : cell_(&cell) {}
    void add(std::uint64_t count = 1) const { cell_->fetch_add(count, std::memory_order_relaxed); }

private:
    MetricCell* cell_;
};

/// A number that says how things are in this process now; 0 at its start. Any thread.
class Gauge {
public:
    explicit Gauge(MetricCell& cell) : cell_(&cell) { set(0); }
    void set(std::int64_t value) const {
        cell_->store(static_cast<std::uint64_t>(value), std::memory_order_relaxed);
    }
    void add(std::int64_t change) const {
        cell_->fetch_add(static_cast<std::uint64_t>(change), std::memory_order_relaxed);
    }

private:
    MetricCell* cell_;
};

/// One of what a gauge counts, for as long as this object lives. A null gauge counts nothing.
class Counted {
public:
    explicit Counted(const Gauge* gauge) : gauge_(gauge) {
        if (gauge_ != nullptr) gauge_->add(1);
    }
    ~Counted() {
        if (gauge_ != nullptr) gauge_->add(-1);
    }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

private:
    const Gauge* gauge_;
};

enum class MetricType { counter, gauge, histogram };
std::string_view name_of(MetricType type);

/// The series of one name. Cells hold whole numbers, `per_unit` of which make 1 in the series.
struct MetricFamily {
    std::string_view name;
    MetricType type;
    std::string_view labels;  ///< their names
    std::string_view help;
    double per_unit = 1;
};

/// Every family that /metrics can show, in its order.
std::span<const MetricFamily> metric_families();

/// The table in Markdown, as docs/monitoring.md shows it.
std::string metrics_as_markdown();

/// The family of a series; null where this program does not know it.
const MetricFamily* family_of(std::string_view series);

/// `family{label="value",…}`, values escaped.
using MetricLabels = std::initializer_list<std::pair<std::string_view, std::string_view>>;
std::string series_name(std::string_view family, MetricLabels labels);

/// What a process counts, but for the requests (observe/request_metrics.hpp). To be made once in a
/// process, for its gauges begin at 0. The memory must outlive this.
struct Metrics {
    explicit Metrics(MetricsMemory& shared);

    MetricsMemory& memory;

    Counter cache_fills;
    Counter cache_fills_rejected;  ///< known with the next command of the thread that filled
    Counter cache_fills_unsettled;
    Counter cache_fences_acknowledged;  ///< of entries
    Counter cache_fences_failed;
    Counter cache_renewals;
    Counter list_renewals;
    Counter duplicates_refused;
    Counter idempotent_replays;
    Counter idempotency_keys_expired;
    Counter redis_failures;
    Counter database_failures;
    Counter feed_transactions;
    Counter store_refused;
    Counter requests_abandoned;
    Counter worker_starts;
    Counter import_created;  ///< rows of imports, by what became of them
    Counter import_changed;
    Counter import_skipped;
    Counter import_failed;

    Gauge workers;
    Gauge fastcgi_connections;
    Gauge store_threads;
    Gauge store_threads_busy;
    Gauge store_queue_requests;
    Gauge store_queue_limit;
    Gauge database_connections;
};

}  // namespace larder
