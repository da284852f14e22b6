#include "admin/sqitch.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "temporary_directory.hpp"

using namespace larder;
using namespace larder::admin;

namespace {

namespace fs = std::filesystem;
constexpr std::chrono::sys_seconds noon =
    std::chrono::sys_days{std::chrono::year{2026} / 11 / 28} + std::chrono::hours(12);

std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

Plan plan_of_both_phases() {
    Plan plan;
    plan.steps.push_back({.subject = "boats.a",
                          .words = "first\nline",
                          .deploy = "SELECT 1;\n",
                          .revert = "SELECT -1;\n",
                          .verify = "true"});
    plan.steps.push_back({.phase = Phase::contract,
                          .subject = "crews",
                          .words = "second",
                          .deploy = "SELECT 2;\n",
                          .revert = "SELECT -2;\n"});
    plan.steps.push_back({.subject = "crews.b",
                          .words = "third",
                          .deploy = "SELECT 3;\n",
                          .revert = "SELECT -3;\n"});
    return plan;
}

constexpr const char* described = "0123456789abcdef";
constexpr const char* described_anew = "fedcba9876543210";

/// The names of those that are superseded.
std::vector<std::string> superseded(const std::string& where, const Plan& plan,
                                    const std::vector<std::string>& pending,
                                    const std::string& fingerprint) {
    const auto found = find_superseded(where, plan, pending, fingerprint);
    BOOST_REQUIRE(found);
    BOOST_TEST(found->size() == pending.size());
    std::vector<std::string> names;
    for (const auto& change : *found) {
        if (change.is_superseded) names.push_back(change.name);
    }
    return names;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(admin_sqitch)

BOOST_AUTO_TEST_CASE(each_phase_becomes_a_change_of_the_project) {
    const TemporaryDirectory directory;
    const std::string where = directory.path().string() + "/sql";
    const auto names = write_changes(where, plan_of_both_phases(), {}, described, noon);
    BOOST_REQUIRE(names);
    const std::vector<std::string> expected = {"2026-11-28T120000_boats_and_1_more_expand",
                                               "2026-11-28T120000_crews_contract"};
    BOOST_TEST(*names == expected, boost::test_tools::per_element());
    BOOST_TEST(*changes_of(where) == expected, boost::test_tools::per_element());
    const auto plan = text_of(where + "/sqitch.plan");
    BOOST_TEST(plan.starts_with("%syntax-version=1.0.0\n%project=operator\n\n"));
    BOOST_TEST(plan.contains('\n' + expected[1] + " [" + expected[0] + "] 2026-11-28T12:00:00Z "));
    const auto deploy = text_of(where + "/deploy/" + expected[0] + ".sql");
    BOOST_TEST(deploy.contains("-- boats.a: first line\nSELECT 1;\n"));
    BOOST_TEST(!deploy.contains("SELECT 2;"));
    const auto revert = text_of(where + "/revert/" + expected[0] + ".sql");
    BOOST_TEST(revert.find("SELECT -3;") < revert.find("SELECT -1;"));
    BOOST_TEST(fs::exists(where + "/verify/" + expected[1] + ".sql"));
    BOOST_TEST(fs::exists(where + "/sqitch.conf"));
}

BOOST_AUTO_TEST_CASE(what_is_there_is_never_touched) {
    const TemporaryDirectory directory;
    const std::string where = directory.path().string() + "/sql";
    BOOST_REQUIRE(write_changes(where, plan_of_both_phases(), {}, described, noon));
    std::ofstream(where + "/sqitch.conf") << "[core]\n\tengine = pg\n# mine\n";
    const auto first = changes_of(where);
    const auto deploy = where + "/deploy/" + (*first)[0] + ".sql";
    std::ofstream(deploy, std::ios::app) << "-- mine\n";
    const auto before = text_of(deploy);
    const auto names = write_changes(where, plan_of_both_phases(), {}, described, noon);
    BOOST_REQUIRE(names);
    BOOST_TEST((*names)[0] == "2026-11-28T120000_boats_and_1_more_2_expand");
    BOOST_TEST(text_of(deploy) == before);
    BOOST_TEST(text_of(where + "/sqitch.conf").contains("# mine"));
    BOOST_TEST(changes_of(where)->size() == 4U);
}

BOOST_AUTO_TEST_CASE(what_was_written_and_not_deployed_is_not_written_again) {
    const TemporaryDirectory directory;
    const std::string where = directory.path().string() + "/sql";
    Plan plan = plan_of_both_phases();
    const auto first = write_changes(where, plan, {}, described, noon);
    BOOST_REQUIRE(first);
    const auto nothing = write_changes(where, plan, *first, described, noon);
    BOOST_REQUIRE(nothing);
    BOOST_TEST(nothing->empty());
    plan.steps.push_back({.subject = "boats.c", .words = "fourth", .deploy = "SELECT 4;\n"});
    const auto more = write_changes(where, plan, *first, described, noon);
    BOOST_REQUIRE(more);
    BOOST_REQUIRE(more->size() == 1U);
    BOOST_TEST(!text_of(where + "/deploy/" + (*more)[0] + ".sql").contains("SELECT 1;"));
}

BOOST_AUTO_TEST_CASE(what_was_not_deployed_is_superseded_by_other_descriptions) {
    const TemporaryDirectory directory;
    const std::string where = directory.path().string() + "/sql";
    Plan plan = plan_of_both_phases();
    const auto first = *write_changes(where, plan, {}, described, noon);
    BOOST_TEST(superseded(where, plan, first, described).empty());
    BOOST_TEST((superseded(where, plan, first, described_anew) == first));
    const std::vector<std::string> contract = {first[1]};
    BOOST_TEST((superseded(where, Plan{}, contract, described_anew) == contract));

    // Interrupted once more before the former ones were passed over.
    const auto second = *write_changes(where, plan, {}, described_anew, noon);
    auto all = first;
    all.insert(all.end(), second.begin(), second.end());
    BOOST_TEST((superseded(where, plan, all, described_anew) == first));
    BOOST_TEST((superseded(where, plan, all, described) == all));
}

BOOST_AUTO_TEST_CASE(what_comes_before_the_restart_is_not_left_to_come_after_it) {
    const TemporaryDirectory directory;
    const std::string where = directory.path().string() + "/sql";
    Plan plan = plan_of_both_phases();
    const auto first = *write_changes(where, plan, {}, described, noon);
    const std::vector<std::string> contract = {first[1]};
    BOOST_TEST(superseded(where, Plan{}, contract, described).empty());
    plan.steps.push_back({.subject = "boats.c", .words = "fourth", .deploy = "SELECT 4;\n"});
    BOOST_TEST((superseded(where, plan, contract, described) == contract));
}

BOOST_AUTO_TEST_CASE(a_change_of_the_operator_is_never_superseded) {
    const TemporaryDirectory directory;
    const std::string where = directory.path().string() + "/sql";
    const Plan plan = plan_of_both_phases();
    auto pending = *write_changes(where, plan, {}, described, noon);
    const auto written = pending;
    std::ofstream(where + "/deploy/mine.sql") << "SELECT 1;\n";
    pending.emplace_back("mine");
    BOOST_TEST((superseded(where, plan, pending, described_anew) == written));
}

BOOST_AUTO_TEST_CASE(a_directory_that_cannot_be_made_is_named) {
    const auto names = write_changes("/proc/none/sql", plan_of_both_phases(), {}, described, noon);
    BOOST_REQUIRE(!names);
    BOOST_TEST(names.error().contains("/proc/none/sql"));
}

BOOST_AUTO_TEST_SUITE_END()
