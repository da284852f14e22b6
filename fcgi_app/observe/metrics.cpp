#include "observe/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace larder {

namespace {

constexpr double nanoseconds = 1e9;

constexpr auto counter = MetricType::counter;
constexpr auto gauge = MetricType::gauge;
constexpr auto histogram = MetricType::histogram;

constexpr std::array families = std::to_array<MetricFamily>({
    {"larder_build_info", gauge, "version",
     "1; the label has the version of the worker that answers"},
    {"larder_http_requests_total", counter, "route, method, status",
     "requests answered, by workers and by nginx; route `unknown` has what leads nowhere, what"
     " nginx refused, and preflights"},
    {"larder_http_request_duration_seconds", histogram, "le",
     "time from taking a request from nginx to its answer, in a worker", nanoseconds},
    {"larder_http_requests_abandoned_total", counter, "",
     "requests given up because the client had gone, or answers cut off"},
    {"larder_cache_reads_total", counter, "resource, result",
     "reads of single records, as X-Cache tells"},
    {"larder_list_requests_total", counter, "result",
     "requests for lists, as nginx's X-Cache tells"},
    {"larder_cache_fills_total", counter, "", "values sent to Redis to be cached"},
    {"larder_cache_fills_rejected_total", counter, "reason",
     "values not cached; `lease_lost`: sent, but a writer had taken the lease; `unsettled`: not "
     "sent,"
     " for a writer was at work on the row"},
    {"larder_cache_fences_total", counter, "result",
     "entries fenced by writes and by the feed; failed: Redis did not acknowledge it"},
    {"larder_cache_renewals_total", counter, "",
     "times that all records in the cache were given up"},
    {"larder_list_renewals_total", counter, "", "generations of lists begun"},
    {"larder_duplicates_refused_total", counter, "",
     "writes refused with no query, because the cache knew the value to be taken"},
    {"larder_idempotent_replays_total", counter, "",
     "writes that were answered again by their `Idempotency-Key`, and not done again"},
    {"larder_idempotency_keys_expired_total", counter, "",
     "kept answers that were removed because they were older than IDEMPOTENCY_TTL"},
    {"larder_redis_trusted", gauge, "", "whether this host uses Redis"},
    {"larder_redis_epoch", gauge, "", "epoch under which Redis is used; 0: it is not"},
    {"larder_redis_failures_total", counter, "", "commands that Redis did not answer as it should"},
    {"larder_database_connections", gauge, "", "connections to PostgreSQL that are open"},
    {"larder_database_failures_total", counter, "",
     "connections to PostgreSQL that were refused or lost"},
    {"larder_store_threads", gauge, "", "threads that work with PostgreSQL"},
    {"larder_store_threads_busy", gauge, "", "those of them that are at work"},
    {"larder_store_queue_requests", gauge, "", "requests that wait for such a thread"},
    {"larder_store_queue_limit", gauge, "", "requests that may wait (QUEUE_LIMIT of each worker)"},
    {"larder_store_refused_total", counter, "",
     "requests refused with 503 because too many waited"},
    {"larder_feed_up", gauge, "", "whether larder-feed follows PostgreSQL's log"},
    {"larder_feed_lag_seconds", gauge, "",
     "longest time from a foreign commit to coherent caches within the last second, while the feed"
     " is up"},
    {"larder_feed_transactions_total", counter, "", "transactions that the feed has seen"},
    {"larder_fastcgi_connections", gauge, "", "connections of nginx to the workers"},
    {"larder_import_rows_total", counter, "result",
     "rows of imports: `created`, `changed`, `skipped`, or `failed`, which is in the answer's"
     " errors; a trial (dry_run) counts none"},
    {"larder_workers", gauge, "", "worker processes that run"},
    {"larder_worker_starts_total", counter, "", "worker processes that were ever started"},
});

std::string escaped(std::string_view value) {
    std::string out;
    for (const char c : value) {
        if (c == '\\' || c == '"') out += '\\';
        out += c == '\n' ? std::string("\\n") : std::string(1, c);
    }
    return out;
}

}  // namespace

std::string_view name_of(MetricType type) {
    switch (type) {
        case MetricType::counter: return "counter";
        case MetricType::gauge: return "gauge";
        case MetricType::histogram: break;
    }
    return "histogram";
}

std::span<const MetricFamily> metric_families() { return families; }

std::string metrics_as_markdown() {
    std::string table = "| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n";
    for (const MetricFamily& family : families) {
        table += fmt::format("| `{}` | {} | {} | {} |\n", family.name, name_of(family.type),
                             family.labels, family.help);
    }
    return table;
}

const MetricFamily* family_of(std::string_view series) {
    const std::string_view name = series.substr(0, series.find('{'));
    const auto found = std::ranges::find_if(families, [&](const MetricFamily& family) {
        if (family.type != MetricType::histogram) return name == family.name;
        if (!name.starts_with(family.name)) return false;
        const auto suffix = name.substr(family.name.size());
        return suffix == "_bucket" || suffix == "_sum";
    });
    return found == families.end() ? nullptr : &*found;
}

std::string series_name(std::string_view family, MetricLabels labels) {
    std::string name(family);
    char separator = '{';
    for (const auto& [label, value] : labels) {
        name += separator;
        name.append(label).append("=\"").append(escaped(value)).append("\"");
        separator = ',';
    }
    if (separator == ',') name += '}';
    return name;
}

Metrics::Metrics(MetricsMemory& shared)
    : memory(shared),
      cache_fills(memory.cell("larder_cache_fills_total")),
      cache_fills_rejected(
          memory.cell(R"(larder_cache_fills_rejected_total{reason="lease_lost"})")),
      cache_fills_unsettled(
          memory.cell(R"(larder_cache_fills_rejected_total{reason="unsettled"})")),
      cache_fences_acknowledged(memory.cell(R"(larder_cache_fences_total{result="acknowledged"})")),
      cache_fences_failed(memory.cell(R"(larder_cache_fences_total{result="failed"})")),
      cache_renewals(memory.cell("larder_cache_renewals_total")),
      list_renewals(memory.cell("larder_list_renewals_total")),
      duplicates_refused(memory.cell("larder_duplicates_refused_total")),
      idempotent_replays(memory.cell("larder_idempotent_replays_total")),
      idempotency_keys_expired(memory.cell("larder_idempotency_keys_expired_total")),
      redis_failures(memory.cell("larder_redis_failures_total")),
      database_failures(memory.cell("larder_database_failures_total")),
      feed_transactions(memory.cell("larder_feed_transactions_total")),
      store_refused(memory.cell("larder_store_refused_total")),
      requests_abandoned(memory.cell("larder_http_requests_abandoned_total")),
      worker_starts(memory.cell("larder_worker_starts_total")),
      import_created(memory.cell(R"(larder_import_rows_total{result="created"})")),
      import_changed(memory.cell(R"(larder_import_rows_total{result="changed"})")),
      import_skipped(memory.cell(R"(larder_import_rows_total{result="skipped"})")),
      import_failed(memory.cell(R"(larder_import_rows_total{result="failed"})")),
      workers(memory.cell("larder_workers")),
      fastcgi_connections(memory.cell("larder_fastcgi_connections")),
      store_threads(memory.cell("larder_store_threads")),
      store_threads_busy(memory.cell("larder_store_threads_busy")),
      store_queue_requests(memory.cell("larder_store_queue_requests")),
      store_queue_limit(memory.cell("larder_store_queue_limit")),
      database_connections(memory.cell("larder_database_connections")) {
    // Counted from nginx's log; to be seen before there is anything to count.
    for (const std::string_view result : {"hit", "miss", "bypass"}) {
        memory.cell(series_name("larder_list_requests_total", {{"result", result}}));
    }
}

}  // namespace larder
