#include "scrape.hpp"

#include <boost/test/unit_test.hpp>

#include <sstream>

namespace larder::test {

Scrape Scrape::of(const Client& client) {
    const auto response = client.get("/metrics");
    BOOST_TEST(response.status == 200);
    BOOST_TEST(response.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
    BOOST_TEST(response.header("Cache-Control") == "no-store");
    Scrape scrape;
    std::istringstream lines(response.body);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("# ")) continue;
        const auto space = line.rfind(' ');
        BOOST_TEST_CONTEXT(line) {
            BOOST_REQUIRE(space != std::string::npos);
            const auto series = line.substr(0, space);
            BOOST_TEST(scrape.samples_.emplace(series, std::stod(line.substr(space + 1))).second);
        }
    }
    return scrape;
}

double Scrape::operator[](const std::string& series) const {
    const auto found = samples_.find(series);
    return found == samples_.end() ? 0 : found->second;
}

double Scrape::requests(const std::string& route, const std::string& method, int status) const {
    return (*this)["larder_http_requests_total{route=\"" + route + "\",method=\"" + method +
                   "\",status=\"" + std::to_string(status) + "\"}"];
}

double Scrape::sum(const std::string& name) const {
    double total = 0;
    for (const auto& [series, value] : samples_) {
        if (series.substr(0, series.find('{')) == name) total += value;
    }
    return total;
}

}  // namespace larder::test
