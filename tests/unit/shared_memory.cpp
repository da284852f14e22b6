#include "cache/shared_memory.hpp"

#include <sys/wait.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "temporary_directory.hpp"

using namespace larder;

namespace {

struct RunDirectory {
    TemporaryDirectory run;

    SharedMemory open() const {
        auto memory = open_shared_memory(run.path().string());
        BOOST_REQUIRE(memory);
        return std::move(*memory);
    }
};

std::string host_of(const SharedMemory& memory) { return memory->host_id.data(); }

}  // namespace

BOOST_AUTO_TEST_SUITE(shared_memory)

BOOST_FIXTURE_TEST_CASE(it_starts_without_trust_and_with_an_identity, RunDirectory) {
    const auto memory = open();
    BOOST_TEST(memory->layout.load() == SharedState::current_layout);
    BOOST_TEST(memory->trusted_epoch.load() == 0U);
    BOOST_TEST(memory->redis_run_id[0] == '\0');
    BOOST_TEST(host_of(memory).size() == 32U);
}

BOOST_FIXTURE_TEST_CASE(two_openers_see_the_same, RunDirectory) {
    const auto one = open();
    const auto other = open();
    BOOST_TEST(one.get() != other.get());
    one->trusted_epoch.store(7);
    BOOST_TEST(other->trusted_epoch.load() == 7U);
    other->trusted_epoch.store(0);
    BOOST_TEST(one->trusted_epoch.load() == 0U);
    BOOST_TEST(host_of(one) == host_of(other));
}

BOOST_FIXTURE_TEST_CASE(another_process_sees_the_same, RunDirectory) {
    const auto memory = open();
    memory->trusted_epoch.store(7);
    const pid_t child = fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        const auto mine = open_shared_memory(run.path().string());
        const bool same = mine && (*mine)->trusted_epoch.load() == 7;
        if (same) (*mine)->trusted_epoch.store(8);
        _exit(same ? 0 : 1);
    }
    int status = 0;
    BOOST_REQUIRE(waitpid(child, &status, 0) == child);
    BOOST_TEST(status == 0);
    BOOST_TEST(memory->trusted_epoch.load() == 8U);
}

BOOST_FIXTURE_TEST_CASE(the_identity_of_a_host_is_kept, RunDirectory) {
    const std::string host = host_of(open());
    BOOST_TEST(host_of(open()) == host);
    std::filesystem::remove(run.path() / "shared");
    BOOST_TEST(host_of(open()) != host);
}

// While a new version goes live, processes of two versions come and go over one file.
BOOST_FIXTURE_TEST_CASE(a_file_of_an_earlier_layout_is_carried_on, RunDirectory) {
    const auto earlier = open();
    const std::string host = host_of(earlier);
    earlier->layout.store(SharedState::current_layout - 1);
    earlier->trusted_epoch.store(7);
    const auto memory = open();
    BOOST_TEST(memory->layout.load() == SharedState::current_layout);
    BOOST_TEST(memory->trusted_epoch.load() == 7U);
    BOOST_TEST(host_of(memory) == host);
}

BOOST_FIXTURE_TEST_CASE(a_file_of_a_later_layout_is_left_as_it_is, RunDirectory) {
    const std::string host = host_of(open());
    const auto path = run.path() / "shared";
    std::filesystem::resize_file(path, sizeof(SharedState) + 10000);
    {
        const auto memory = open();
        memory->layout.store(SharedState::current_layout + 1);
        memory->trusted_epoch.store(7);
    }
    const auto memory = open();
    BOOST_TEST(memory->layout.load() == SharedState::current_layout + 1);
    BOOST_TEST(memory->trusted_epoch.load() == 7U);
    BOOST_TEST(host_of(memory) == host);
    BOOST_TEST(std::filesystem::file_size(path) == sizeof(SharedState) + 10000);
}

BOOST_FIXTURE_TEST_CASE(a_file_that_a_crash_has_left_empty_is_completed, RunDirectory) {
    std::ofstream(run.path() / "shared").flush();
    const auto memory = open();
    BOOST_TEST(memory->layout.load() == SharedState::current_layout);
    BOOST_TEST(memory->trusted_epoch.load() == 0U);
    BOOST_TEST(std::filesystem::file_size(run.path() / "shared") == sizeof(SharedState));
}

BOOST_FIXTURE_TEST_CASE(a_directory_that_is_missing_is_named, RunDirectory) {
    const std::string missing = (run.path() / "missing").string();
    const auto memory = open_shared_memory(missing);
    BOOST_REQUIRE(!memory);
    BOOST_TEST(memory.error().find(missing) != std::string::npos);
    BOOST_TEST(memory.error().find("No such file or directory") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(tokens_are_32_hex_digits_and_never_repeat) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string token = random_token();
        BOOST_REQUIRE(token.size() == 32U);
        BOOST_REQUIRE(token.find_first_not_of("0123456789abcdef") == std::string::npos);
        BOOST_REQUIRE(seen.insert(token).second);
    }
}

BOOST_AUTO_TEST_SUITE_END()
