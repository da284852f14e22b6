// GET of the numbers for Prometheus.

#include <map>

#include "api/operations.hpp"
#include "observe/exposition.hpp"
#include "observe/metrics.hpp"
#include "openapi/components.hpp"

namespace larder {

namespace {

/// What all processes of the host have counted, and how things are. Quick, and without PostgreSQL
/// or Redis.
std::string scrape(const Services& services) {
    const auto totals = services.metrics.memory.totals([](std::string_view series) {
        const MetricFamily* family = family_of(series);
        return family != nullptr && family->type == MetricType::gauge;
    });
    const auto epoch = services.trust.epoch();
    const bool is_fed = is_feed_alive(services.memory);
    std::map<std::string, double> now = {
        {series_name("larder_build_info", {{"version", LARDER_VERSION}}), 1},
        {"larder_redis_trusted", epoch != 0},
        {"larder_redis_epoch", static_cast<double>(epoch)},
        {"larder_feed_up", is_fed},
    };
    if (is_fed) {
        now["larder_feed_lag_seconds"] =
            static_cast<double>(services.memory.feed_lag_us.load()) / 1e6;
    }
    return exposition(totals, now);
}

class ShowMetrics : public Operation {
public:
    ShowMetrics() : Operation({.path = "/metrics", .role = "metrics"}) {}

    Lane lane(const Call&) const override { return Lane::now; }

    http::Response answer_now(const Call&, const Services& services) const override {
        http::Response response{.content_type = exposition_type, .body = scrape(services)};
        http::add_header(response, "Cache-Control", "no-store");
        return response;
    }

    openapi::OperationObject describe() const override {
        using namespace openapi;
        return {
            .method = "get",
            .id = "metrics",
            .tag = std::string(service_tag),
            .summary = "Numbers for Prometheus",
            .description =
                "Of all processes of the host. Only for clients that `METRICS_ALLOW`"
                " names; others get 403.",
            .responses = {{"200", object({{"description", "The text format of Prometheus."},
                                          {"headers", headers({})},
                                          {"content",
                                           content("text/plain", object({{"type", "string"}}))}})}},
            .errors = {ErrorKind::forbidden}};
    }
};

}  // namespace

std::unique_ptr<Operation> make_metrics() { return std::make_unique<ShowMetrics>(); }

}  // namespace larder
