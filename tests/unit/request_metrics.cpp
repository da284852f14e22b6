#include "observe/request_metrics.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

#include "api/routes.hpp"
#include "records/services.hpp"
#include "resources.hpp"
#include "temporary_directory.hpp"

using namespace larder;
using namespace std::chrono_literals;
using http::Method;

namespace {

struct Counting {
    TemporaryDirectory run;
    std::unique_ptr<MetricsMemory> memory = std::move(*MetricsMemory::open(run.path().string()));
    Metrics metrics{*memory};
    Operations operations = all_operations(resources());
    Routes routes{operations};
    RequestMetrics requests{metrics, routes.patterns()};

    RequestMetrics::RouteNumber route(std::string_view path) const {
        return routes.path_of(http::parse_target(path)).number;
    }

    void answer(std::string_view path, Method method, int status,
                std::chrono::nanoseconds duration = 1us) const {
        requests.count_answer(route(path), method, status, duration);
    }

    std::uint64_t total(const std::string& series) const {
        const auto totals = memory->totals([](std::string_view) { return false; });
        const auto found = totals.find(series);
        return found == totals.end() ? 0 : found->second;
    }

    std::uint64_t requests_of(const std::string& route, const std::string& method,
                              const std::string& status) const {
        return total(R"(larder_http_requests_total{route=")" + route + R"(",method=")" + method +
                     R"(",status=")" + status + R"("})");
    }

    std::uint64_t bucket(const std::string& bound) const {
        return total(R"(larder_http_request_duration_seconds_bucket{le=")" + bound + R"("})");
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(request_metrics)

BOOST_FIXTURE_TEST_CASE(answers_are_counted_by_template_method_and_status, Counting) {
    const std::pair<std::string, std::string> paths[] = {
        {"/", "/"},
        {"/user", "/user"},
        {"/user/Bob", "/user/{name}"},
        {"/health", "/health"},
        {"/metrics", "/metrics"},
        {"/cache/clear", "/cache/clear"},
        {"/employees?limit=3", "/employees"},
        {"/employees/7", "/employees/{id}"},
        {"/employees/no-such-id", "/employees/{id}"},
        {"/employees/high-salary", "/employees/high-salary"},
        {"/employees/top2-by-department", "/employees/top2-by-department"},
        {"/items", "/items"},
        {"/products/550e8400-e29b-41d4-a716-446655440000", "/products/{id}"},
        {"/nothing", "unknown"},
        {"/employees/7/x", "unknown"},
    };
    for (const auto& [path, name] : paths) {
        BOOST_TEST_CONTEXT(path) {
            const auto before = requests_of(name, "GET", "200");
            answer(path, Method::get, 200);
            BOOST_TEST(requests_of(name, "GET", "200") == before + 1);
        }
    }
}

BOOST_FIXTURE_TEST_CASE(every_method_and_every_status_has_its_series, Counting) {
    for (const auto* name : {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "other"}) {
        for (const int status : {200, 404, 503, 418}) {
            answer("/items", http::method_from(name), status);
            answer("/items", http::method_from(name), status);
            BOOST_TEST(requests_of("/items", name, std::to_string(status)) == 2U);
        }
    }
}

BOOST_FIXTURE_TEST_CASE(a_duration_is_in_the_bucket_whose_bound_it_does_not_exceed, Counting) {
    answer("/", Method::get, 200, 0ns);
    answer("/", Method::get, 200, 100us);
    BOOST_TEST(bucket("0.0001") == 2U);
    answer("/", Method::get, 200, 100us + 1ns);
    BOOST_TEST(bucket("0.00025") == 1U);
    answer("/", Method::get, 200, 1s);
    BOOST_TEST(bucket("1") == 1U);
    answer("/", Method::get, 200, 10s);
    BOOST_TEST(bucket("10") == 1U);
    answer("/", Method::get, 200, 10s + 1ns);
    BOOST_TEST(bucket("+Inf") == 1U);
    BOOST_TEST(total("larder_http_request_duration_seconds_sum") == 21'000'200'002U);
}

BOOST_FIXTURE_TEST_CASE(a_clock_reading_that_is_a_little_old_does_no_harm, Counting) {
    answer("/", Method::get, 200, -5us);
    BOOST_TEST(bucket("0.0001") == 1U);
    BOOST_TEST(total("larder_http_request_duration_seconds_sum") == 0U);
}

BOOST_FIXTURE_TEST_CASE(reads_are_counted_by_resource_and_result, Counting) {
    const Collection items(resource("items"), *memory);
    const Collection products(resource("products"), *memory);
    items.count_read(CacheState::hit);
    items.count_read(CacheState::miss);
    items.count_read(CacheState::miss);
    products.count_read(CacheState::bypass);
    BOOST_TEST(total(R"(larder_cache_reads_total{resource="items",result="hit"})") == 1U);
    BOOST_TEST(total(R"(larder_cache_reads_total{resource="items",result="miss"})") == 2U);
    BOOST_TEST(total(R"(larder_cache_reads_total{resource="products",result="bypass"})") == 1U);
    BOOST_TEST(total(R"(larder_cache_reads_total{resource="employees",result="hit"})") == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
