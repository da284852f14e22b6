#include "access/generation.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <set>
#include <thread>
#include <vector>

#include "temporary_directory.hpp"

using larder::File;
using larder::TemporaryDirectory;
using larder::access::Generation;
namespace fs = std::filesystem;

namespace {

struct Access {
    TemporaryDirectory run;
    Generation generation{run.path().string()};

    std::set<fs::path> directories() const {
        std::set<fs::path> found;
        for (const auto& entry : fs::directory_iterator(run.path())) {
            if (!entry.is_symlink()) found.insert(entry.path().filename());
        }
        return found;
    }
    void age() const {
        for (const auto& directory : directories()) {
            fs::last_write_time(run.path() / directory,
                                fs::file_time_type::clock::now() - std::chrono::minutes(1));
        }
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(access_generation)

BOOST_FIXTURE_TEST_CASE(there_is_none_until_it_is_prepared, Access) {
    BOOST_TEST(generation.current().empty());
    BOOST_REQUIRE(generation.prepare().has_value());
    const auto first = generation.current();
    BOOST_TEST(first.starts_with("access."));
    BOOST_TEST(fs::canonical(run.path() / "access") == fs::canonical(run.path() / first));
    // It stays, and another process finds the same.
    BOOST_REQUIRE(generation.prepare().has_value());
    BOOST_TEST(Generation(run.path().string()).current() == first);
}

BOOST_FIXTURE_TEST_CASE(a_swap_begins_one_that_never_was, Access) {
    std::set<std::string> seen;
    for (int i = 0; i < 50; ++i) {
        BOOST_REQUIRE(generation.swap());
        BOOST_TEST(seen.insert(generation.current()).second);
    }
    BOOST_TEST(directories().size() == 50U);
}

BOOST_FIXTURE_TEST_CASE(there_is_a_present_one_at_any_moment_of_swaps, Access) {
    BOOST_REQUIRE(generation.swap());
    std::jthread swapper([this](const std::stop_token& stop) {
        while (!stop.stop_requested()) generation.swap();
    });
    int absent = 0;
    for (int i = 0; i < 2000; ++i) absent += generation.current().empty() ? 1 : 0;
    BOOST_TEST(absent == 0);
}

BOOST_FIXTURE_TEST_CASE(what_comes_late_lands_in_its_own_generation, Access) {
    BOOST_REQUIRE(generation.swap());
    const auto former = generation.current();
    BOOST_REQUIRE(generation.swap());
    const File directory = generation.open(former);
    BOOST_REQUIRE(directory.is_open());
    BOOST_TEST(mkdirat(directory.descriptor(), "late", 0700) == 0);
    BOOST_TEST(!fs::exists(run.path() / "access" / "late"));
    BOOST_TEST(fs::exists(run.path() / former / "late"));
}

BOOST_FIXTURE_TEST_CASE(old_directories_go_and_the_present_one_stays, Access) {
    BOOST_REQUIRE(generation.swap());
    const auto former = generation.current();
    BOOST_REQUIRE(generation.swap());
    generation.sweep();  // a request may have just read the link
    BOOST_TEST(directories().size() == 2U);
    fs::create_directory(run.path() / "of_others");
    age();
    generation.sweep();
    BOOST_TEST((directories() == std::set<fs::path>{generation.current(), "of_others"}));
    BOOST_TEST(!generation.open(former).is_open());
    BOOST_TEST(errno == ENOENT);
}

// What a process leaves that is killed between the two steps of a swap.
BOOST_FIXTURE_TEST_CASE(an_unfinished_swap_is_cleared_away, Access) {
    BOOST_REQUIRE(generation.swap());
    const auto left = run.path() / "access.0123.new";
    fs::create_directory_symlink("access.0123", left);
    generation.sweep();
    BOOST_TEST(fs::is_symlink(left));  // it may be about to go on
    const timespec long_ago[2] = {{.tv_sec = 1, .tv_nsec = 0}, {.tv_sec = 1, .tv_nsec = 0}};
    BOOST_REQUIRE(utimensat(AT_FDCWD, left.c_str(), long_ago, AT_SYMLINK_NOFOLLOW) == 0);
    generation.sweep();
    BOOST_TEST(!fs::is_symlink(left));
    BOOST_TEST(fs::is_directory(run.path() / "access"));
}

BOOST_FIXTURE_TEST_CASE(a_link_that_leads_nowhere_is_mended, Access) {
    BOOST_REQUIRE(generation.swap());
    const auto former = generation.current();
    fs::remove_all(run.path() / former);
    BOOST_REQUIRE(generation.prepare().has_value());
    BOOST_TEST(generation.current() != former);
    BOOST_TEST(fs::is_directory(run.path() / "access"));
}

BOOST_FIXTURE_TEST_CASE(nobody_but_the_group_may_walk_through_it, Access) {
    BOOST_REQUIRE(chmod(run.path().c_str(), 02750) == 0);
    BOOST_REQUIRE(generation.swap());
    struct stat status{};
    BOOST_REQUIRE(stat((run.path() / "access").c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 07777U) == 02710U);
}

BOOST_AUTO_TEST_CASE(what_the_file_system_refuses_changes_nothing) {
    const Generation nowhere("/proc/none");
    BOOST_TEST(!nowhere.swap());
    BOOST_TEST(errno == ENOENT);
    BOOST_TEST(nowhere.current().empty());
    const auto prepared = nowhere.prepare();
    BOOST_REQUIRE(!prepared);
    BOOST_TEST(prepared.error().contains("/proc/none/access"));
}

BOOST_AUTO_TEST_SUITE_END()
