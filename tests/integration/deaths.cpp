// The tests' own watch: a process that ends unasked fails the program in which it ended.
#define BOOST_TEST_MODULE deaths
#include <csignal>
#include <fstream>

#include "fixture.hpp"

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

namespace fs = std::filesystem;

void wait_until_gone(int pid) {
    BOOST_TEST_REQUIRE(eventually([pid] { return !is_alive(pid); }));
}

void wait_for_workers(std::size_t count) {
    BOOST_TEST_REQUIRE(eventually([count] { return stack().pids("worker").size() == count; }));
}

/// As a crash does, behind the stack's back.
int kill_unasked(const std::string& part, int signal) {
    const int pid = stack().pids(part).front();
    BOOST_TEST_REQUIRE(kill(pid, signal) == 0);
    wait_until_gone(pid);
    return pid;
}

/// A process with several threads ends some time after its first one.
std::vector<std::string> told_deaths() {
    std::vector<std::string> deaths;
    (void)eventually([&] { return !(deaths = stack().take_unasked_deaths()).empty(); });
    return deaths;
}

std::size_t count_respawns() {
    std::ifstream log(stack().directory() / "stack" / "logs" / "worker.log");
    std::size_t count = 0;
    for (std::string line; std::getline(log, line);) count += line.contains("respawn") ? 1 : 0;
    return count;
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_unasked_death_of_any_part_is_told) {
    for (const std::string part : {"worker", "feed", "nginx", "redis", "postgresql"}) {
        const int pid = kill_unasked(part, SIGSEGV);
        const auto deaths = told_deaths();
        BOOST_TEST_CONTEXT(part) {
            BOOST_TEST_REQUIRE(deaths.size() == 1);
            BOOST_TEST(deaths[0].starts_with(part));
            BOOST_TEST(deaths[0].contains(std::to_string(pid)));
            BOOST_TEST(deaths[0].contains("an_unasked_death_of_any_part_is_told"));
        }
        stack().up();
    }
}

BOOST_AUTO_TEST_CASE(an_end_without_a_signal_is_told) {
    kill_unasked("worker", SIGTERM);
    BOOST_TEST(told_deaths().size() == 1);
}

BOOST_AUTO_TEST_CASE(what_a_test_asks_for_is_not_told) {
    const auto workers = stack().pids("worker").size();
    stack().stop("worker", SIGKILL);
    wait_for_workers(workers);
    stack().signal("feed", SIGTERM);
    const int pid = stack().pids("worker").front();
    stack().kill(pid, SIGKILL);
    wait_until_gone(pid);
    wait_for_workers(workers);
    BOOST_TEST(stack().script({"restart-workers"}).status == 0);
    BOOST_TEST(stack().script({"restart-feed"}).status == 0);
    stack().stop("nginx", SIGQUIT);
    stack().stop("redis", SIGKILL);
    stack().stop("postgresql", SIGINT);
    stack().up();
    stack().down();
    stack().up();
    for (const auto& death : stack().take_unasked_deaths()) BOOST_ERROR(death);
}

// It would not live long enough to be seen among the processes.
BOOST_AUTO_TEST_CASE(a_worker_that_ends_at_once_is_told) {
    const auto program = stack().directory() / "stack" / "bin" / "larder-worker";
    const fs::path real = program.string() + ".real";
    fs::rename(program, real);
    std::ofstream(program) << "#!/bin/sh\nexit 3\n";
    fs::permissions(program, fs::perms(0755));
    const auto workers = stack().pids("worker");
    const auto before = count_respawns();
    stack().kill(workers.front(), SIGKILL);
    BOOST_TEST(eventually([&] { return count_respawns() >= before + 20; }));
    fs::rename(real, program);
    wait_for_workers(workers.size());
    BOOST_TEST(!told_deaths().empty());
}

BOOST_AUTO_TEST_CASE(crash_unasked, *boost::unit_test::disabled()) {
    kill_unasked("worker", SIGSEGV);
}

BOOST_AUTO_TEST_CASE(an_unasked_death_fails_the_program) {
    const auto self = program_directory() / "larder-tests-deaths";
    const auto finished = run({self, "--run_test=crash_unasked"});
    BOOST_TEST(finished.status == 1);
    BOOST_TEST_CONTEXT(finished.output) {
        BOOST_TEST(finished.output.contains("No errors detected"));
        BOOST_TEST(finished.output.contains("unasked death: worker"));
    }
}
