// monitoring/ and docs/monitoring.md: what Prometheus itself says of the metrics and of the alert
// rules, and that neither they nor the dashboard ask for a metric that is not there.
#define BOOST_TEST_MODULE monitoring
#include "fixture.hpp"

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    BOOST_REQUIRE_MESSAGE(file.good(), path);
    return {std::istreambuf_iterator<char>(file), {}};
}

fs::path monitoring() { return source_directory() / "monitoring"; }

void expect_success(const std::vector<std::string>& command) {
    const auto finished = run(command);
    BOOST_TEST(finished.status == 0, finished.output);
}

std::string printed_table() {
    return run({program_directory() / "larder-worker", "--print-metrics"}).output;
}

/// The names that a scrape can show, histograms with their suffixes.
std::set<std::string> known_names() {
    std::set<std::string> names;
    std::istringstream lines(printed_table());
    const std::regex row("\\| `(larder_[a-z_]+)` \\| (counter|gauge|histogram) \\|.*");
    for (std::string line; std::getline(lines, line);) {
        std::smatch found;
        if (!std::regex_match(line, found, row)) continue;
        if (found[2] != "histogram") {
            names.insert(found[1]);
            continue;
        }
        for (const auto* suffix : {"_bucket", "_sum", "_count"}) {
            names.insert(found[1].str() + suffix);
        }
    }
    return names;
}

void expect_known(const std::string& text) {
    const auto known = known_names();
    BOOST_TEST(known.size() > 20U);
    const std::regex name("larder_[a-z_]+");
    int found = 0;
    for (std::sregex_iterator at(text.begin(), text.end(), name), end; at != end; ++at, ++found) {
        BOOST_TEST(known.contains(at->str()), at->str() << " is not a metric");
    }
    BOOST_TEST(found > 10);
}

void collect(const Json& value, std::string_view member, std::vector<std::string>& found) {
    if (value[member].is(Json::Kind::string)) found.push_back(value[member].string());
    for (const auto& child : value.elements()) collect(child, member, found);
}

}  // namespace

BOOST_AUTO_TEST_CASE(promtool_finds_nothing_wrong_with_the_metrics) {
    for (const auto* path : {"/employees", "/employees/1", "/nowhere"}) (void)api().get(path);
    const auto file = stack().directory() / "scrape";
    std::ofstream(file) << api().get("/metrics").body;
    expect_success({"sh", "-c", "promtool check metrics < " + file.string()});
}

BOOST_AUTO_TEST_CASE(alert_rules_are_valid_and_fire_where_they_should) {
    expect_success({"promtool", "check", "rules", monitoring() / "alerts.yml"});
    expect_success({"promtool", "test", "rules",
                    source_directory() / "tests" / "monitoring" / "alerts_test.yml"});
    expect_known(text_of(monitoring() / "alerts.yml"));
}

BOOST_AUTO_TEST_CASE(every_alert_is_tested) {
    const auto rules = text_of(monitoring() / "alerts.yml");
    const auto tests = text_of(source_directory() / "tests" / "monitoring" / "alerts_test.yml");
    const std::regex alert("- alert: ([A-Za-z]+)");
    for (std::sregex_iterator at(rules.begin(), rules.end(), alert), end; at != end; ++at) {
        BOOST_TEST(tests.contains("alertname=\"" + (*at)[1].str() + '"'), (*at)[1].str());
    }
}

BOOST_AUTO_TEST_CASE(the_queries_of_the_dashboard_are_valid) {
    const auto dashboard = Json::parse(text_of(monitoring() / "grafana.json"));
    BOOST_REQUIRE(dashboard.is(Json::Kind::object));
    std::vector<std::string> queries;
    collect(dashboard, "expr", queries);
    BOOST_TEST(queries.size() > 20U);
    // Grafana's own variables become what it would put there; Prometheus parses the rest.
    const auto file = stack().directory() / "queries.yml";
    std::ofstream rules(file);
    rules << "groups:\n  - name: dashboard\n    rules:\n";
    int number = 0;
    for (auto query : queries) {
        query = std::regex_replace(query, std::regex("\\$__rate_interval"), "1m");
        query = std::regex_replace(query, std::regex("\\$instance"), ".*");
        BOOST_TEST(!query.contains('$'), query);
        rules << "      - {record: 'query_" << ++number << "', expr: '" << query << "'}\n";
    }
    rules.close();
    expect_success({"promtool", "check", "rules", file});
    for (const auto& query : queries) BOOST_TEST(!query.empty());
    expect_known(text_of(monitoring() / "grafana.json"));
}

BOOST_AUTO_TEST_CASE(panels_have_ids_of_their_own_and_do_not_overlap) {
    const auto dashboard = Json::parse(text_of(monitoring() / "grafana.json"));
    std::set<std::string> ids;
    std::set<std::pair<int, int>> taken;
    for (const auto& panel : dashboard["panels"].elements()) {
        BOOST_TEST(ids.insert(panel["id"].number()).second);
        const auto& place = panel["gridPos"];
        const auto at = [&](const char* name) { return std::stoi(place[name].number()); };
        BOOST_TEST(at("x") + at("w") <= 24);
        for (int x = at("x"); x < at("x") + at("w"); ++x) {
            for (int y = at("y"); y < at("y") + at("h"); ++y) {
                BOOST_REQUIRE(taken.emplace(x, y).second);
            }
        }
    }
    BOOST_TEST(ids.size() > 20U);
}

BOOST_AUTO_TEST_CASE(the_documentation_has_the_table_of_the_program) {
    const auto page = text_of(source_directory() / "docs" / "monitoring.md");
    BOOST_TEST(page.contains(printed_table()),
               "docs/monitoring.md must contain what larder-worker --print-metrics prints");
    const auto rules = text_of(monitoring() / "alerts.yml");
    const std::regex alert("- alert: ([A-Za-z]+)");
    for (std::sregex_iterator at(rules.begin(), rules.end(), alert), end; at != end; ++at) {
        BOOST_TEST(page.contains('`' + (*at)[1].str() + '`'), (*at)[1].str());
    }
}
