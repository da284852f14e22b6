#include "gateway/scrape.hpp"

#include "observe/exposition.hpp"
#include "observe/metrics.hpp"

namespace larder {

http::Response answer_scrape(const Larder& larder) {
    const auto totals = larder.metrics.memory.totals([](std::string_view series) {
        const MetricFamily* family = family_of(series);
        return family != nullptr && family->type == MetricType::gauge;
    });
    const auto epoch = larder.trust.epoch();
    const bool is_fed = is_feed_alive(larder.memory);
    std::map<std::string, double> now = {
        {series_name("larder_build_info", {{"version", LARDER_VERSION}}), 1},
        {"larder_redis_trusted", epoch != 0},
        {"larder_redis_epoch", static_cast<double>(epoch)},
        {"larder_feed_up", is_fed},
    };
    if (is_fed) {
        now["larder_feed_lag_seconds"] =
            static_cast<double>(larder.memory.feed_lag_us.load()) / 1e6;
    }
    http::Response response{.content_type = exposition_type, .body = exposition(totals, now)};
    http::add_header(response, "Cache-Control", "no-store");
    return response;
}

}  // namespace larder
