#include "observe/exposition.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>
#include <string>

#include "observe/metrics.hpp"

using namespace larder;

namespace {

/// Without the HELP lines.
std::string lines_of(const MetricsMemory::Totals& totals,
                     const std::map<std::string, double>& now = {}) {
    std::string text = exposition(totals, now);
    for (auto start = text.find("# HELP"); start != text.npos; start = text.find("# HELP")) {
        text.erase(start, text.find('\n', start) + 1 - start);
    }
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics_exposition)

BOOST_AUTO_TEST_CASE(every_family_has_one_name_and_says_what_it_is) {
    std::set<std::string_view> names;
    for (const MetricFamily& family : metric_families()) {
        BOOST_TEST_CONTEXT(family.name) {
            BOOST_TEST(names.insert(family.name).second);
            BOOST_TEST(family.name.starts_with("larder_"));
            BOOST_TEST(!family.help.empty());
            BOOST_TEST(family.help.find_first_of("\n\\") == std::string_view::npos);
            BOOST_TEST(family.name.ends_with("_total") == (family.type == MetricType::counter));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_family_has_help_type_and_its_series) {
    const std::string text = exposition({{"larder_redis_failures_total", 7}}, {});
    BOOST_TEST(text.starts_with("# HELP larder_redis_failures_total "));
    BOOST_TEST(text.ends_with(
        "\n# TYPE larder_redis_failures_total counter\nlarder_redis_failures_total 7\n"));
    BOOST_TEST(std::ranges::count(text, '\n') == 3);
}

BOOST_AUTO_TEST_CASE(series_stand_under_their_family_in_its_order) {
    BOOST_TEST(lines_of({{"larder_worker_starts_total", 2},
                         {R"(larder_cache_fences_total{result="failed"})", 4},
                         {R"(larder_cache_fences_total{result="acknowledged"})", 3}}) ==
               "# TYPE larder_cache_fences_total counter\n"
               "larder_cache_fences_total{result=\"acknowledged\"} 3\n"
               "larder_cache_fences_total{result=\"failed\"} 4\n"
               "# TYPE larder_worker_starts_total counter\n"
               "larder_worker_starts_total 2\n");
}

BOOST_AUTO_TEST_CASE(a_series_of_another_program_is_left_out) {
    BOOST_TEST(lines_of({{"larder_of_tomorrow_total", 2}, {"larder_workers_x", 1}}) == "");
    BOOST_TEST((family_of("larder_http_request_duration_seconds_other") == nullptr));
    BOOST_TEST((family_of("larder_http_request_duration_seconds") == nullptr));
}

BOOST_AUTO_TEST_CASE(counters_keep_every_digit_and_gauges_their_sign) {
    BOOST_TEST(lines_of({{"larder_redis_failures_total", 18446744073709551615U},
                         {"larder_workers", static_cast<std::uint64_t>(-1)}}) ==
               "# TYPE larder_redis_failures_total counter\n"
               "larder_redis_failures_total 18446744073709551615\n"
               "# TYPE larder_workers gauge\n"
               "larder_workers -1\n");
}

BOOST_AUTO_TEST_CASE(what_is_so_now_stands_with_what_was_counted) {
    BOOST_TEST(lines_of({}, {{"larder_feed_lag_seconds", 0.0125}, {"larder_feed_up", 1}}) ==
               "# TYPE larder_feed_up gauge\nlarder_feed_up 1\n"
               "# TYPE larder_feed_lag_seconds gauge\nlarder_feed_lag_seconds 0.0125\n");
}

BOOST_AUTO_TEST_CASE(buckets_are_cumulative_by_the_size_of_their_bounds) {
    const std::string name = "larder_http_request_duration_seconds";
    BOOST_TEST(lines_of({{name + R"(_bucket{le="10"})", 4},
                         {name + R"(_bucket{le="2.5"})", 3},
                         {name + R"(_bucket{le="0.0001"})", 2},
                         {name + R"(_bucket{le="+Inf"})", 1},
                         {name + "_sum", 61'500'000'000U}}) ==
               "# TYPE " + name + " histogram\n" +        //
                   name + "_bucket{le=\"0.0001\"} 2\n" +  //
                   name + "_bucket{le=\"2.5\"} 5\n" +     //
                   name + "_bucket{le=\"10\"} 9\n" +      //
                   name + "_bucket{le=\"+Inf\"} 10\n" +   //
                   name + "_sum 61.5\n" + name + "_count 10\n");
}

BOOST_AUTO_TEST_CASE(label_values_are_escaped) {
    BOOST_TEST(series_name("a", {}) == "a");
    BOOST_TEST(series_name("a", {{"b", "c"}, {"d", ""}}) == R"(a{b="c",d=""})");
    BOOST_TEST(series_name("a", {{"b", "x\"y\\z\nw"}}) == R"(a{b="x\"y\\z\nw"})");
}

BOOST_AUTO_TEST_SUITE_END()
