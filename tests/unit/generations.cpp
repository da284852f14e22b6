#include "cache/generations.hpp"

#include <sys/stat.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>
#include <vector>

#include "temporary_directory.hpp"

using namespace larder;
namespace fs = std::filesystem;

namespace {

struct Lists {
    TemporaryDirectory run;
    Generations generations{run.path().string(), {"employees", "items"}};

    fs::path link(const std::string& collection) const {
        return run.path() / (collection + ".list");
    }
    fs::path current(const std::string& collection) const {
        return fs::canonical(link(collection));
    }
    std::vector<fs::path> all(bool links) const {
        std::vector<fs::path> found;
        for (const auto& entry : fs::directory_iterator(run.path())) {
            if (entry.is_symlink() == links) found.push_back(entry.path());
        }
        return found;
    }
    void keep(const std::string& collection, const std::string& file, const std::string& answer) {
        generations.keep(collection, {}, file, generations.open_current(collection), answer);
    }
    std::size_t kept() const { return all(false).size(); }
    void age() const {
        for (const auto& directory : all(false)) {
            fs::last_write_time(directory,
                                fs::file_time_type::clock::now() - std::chrono::minutes(1));
        }
    }
};

struct PreparedLists : Lists {
    PreparedLists() { BOOST_REQUIRE(generations.prepare().has_value()); }
};

std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t entries(const fs::path& directory) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

/// Root may write everywhere: an ordinary user for the time of one scope.
class OrdinaryUser {
public:
    OrdinaryUser() {
        if (geteuid() == 0) BOOST_REQUIRE(seteuid(65534) == 0);
    }
    ~OrdinaryUser() {
        if (getuid() == 0 && seteuid(0) != 0) std::abort();
    }
    OrdinaryUser(const OrdinaryUser&) = delete;
    OrdinaryUser& operator=(const OrdinaryUser&) = delete;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(generations)

BOOST_FIXTURE_TEST_CASE(every_collection_gets_a_link_to_a_directory, Lists) {
    BOOST_REQUIRE(generations.prepare().has_value());
    std::set<fs::path> found;
    for (const auto* name : {"employees", "items"}) {
        BOOST_TEST(fs::is_symlink(link(name)));
        BOOST_TEST(fs::is_directory(current(name)));
        BOOST_TEST(current(name).parent_path() == fs::canonical(run.path()));
        found.insert(current(name));
    }
    BOOST_TEST(found.size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(links_that_are_there_are_kept, PreparedLists) {
    const auto before = current("employees");
    BOOST_REQUIRE(generations.prepare().has_value());
    BOOST_TEST(current("employees") == before);
    fs::remove(link("items"));
    BOOST_REQUIRE(generations.prepare().has_value());
    BOOST_TEST(fs::is_directory(current("items")));
    BOOST_TEST(current("employees") == before);
}

BOOST_FIXTURE_TEST_CASE(a_link_to_nothing_is_replaced, PreparedLists) {
    fs::remove(current("items"));
    BOOST_REQUIRE(generations.prepare().has_value());
    BOOST_TEST(fs::is_directory(current("items")));
}

BOOST_FIXTURE_TEST_CASE(a_swap_changes_the_real_path_of_its_collection_only, PreparedLists) {
    const auto employees = current("employees");
    const auto items = current("items");
    BOOST_TEST(generations.swap("employees"));
    BOOST_TEST(current("employees") != employees);
    BOOST_TEST(current("items") == items);
    BOOST_TEST(fs::is_directory(employees));
}

BOOST_FIXTURE_TEST_CASE(a_swap_of_all_changes_every_real_path, PreparedLists) {
    const auto employees = current("employees");
    const auto items = current("items");
    BOOST_TEST(generations.swap_all());
    BOOST_TEST(current("employees") != employees);
    BOOST_TEST(current("items") != items);
}

BOOST_FIXTURE_TEST_CASE(no_generation_comes_back, PreparedLists) {
    std::set<fs::path> seen{current("items")};
    for (int i = 0; i < 100; ++i) {
        BOOST_REQUIRE(generations.swap("items"));
        BOOST_TEST(seen.insert(current("items")).second);
    }
}

BOOST_FIXTURE_TEST_CASE(several_threads_may_swap_at_once_and_leave_no_other_links, PreparedLists) {
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([this] {
                for (int n = 0; n < 50; ++n) {
                    if (!generations.swap("items")) std::abort();
                }
            });
        }
    }
    BOOST_TEST(fs::is_directory(current("items")));
    BOOST_TEST(all(true).size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(a_kept_answer_is_found_by_way_of_the_link, PreparedLists) {
    for (const auto* answer : {"[1]", "[1,2]", ""}) {
        keep("items", "list", answer);
        BOOST_TEST(text_of(link("items") / "list") == answer);
        BOOST_TEST(entries(link("items")) == 1U);  // and nothing else
    }
    keep("items", "list-other", "[]");
    BOOST_TEST(entries(link("items")) == 2U);
    BOOST_TEST(entries(link("employees")) == 0U);
}

BOOST_FIXTURE_TEST_CASE(what_is_kept_too_late_is_not_found, PreparedLists) {
    auto generation = generations.open_current("items");
    BOOST_REQUIRE(generations.swap("items"));
    generations.keep("items", {}, "list", std::move(generation), "[1]");
    BOOST_TEST(entries(link("items")) == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_former_generation_keeps_nothing_that_is_kept_again, PreparedLists) {
    keep("items", "list", "[1]");
    keep("items", "list-other", "[1]");
    const auto former = current("items");
    BOOST_REQUIRE(generations.swap("items"));
    BOOST_TEST(entries(link("items")) == 0U);
    keep("items", "list", "[2]");
    BOOST_TEST(entries(former) == 1U);
    BOOST_TEST(text_of(link("items") / "list") == "[2]");
}

BOOST_FIXTURE_TEST_CASE(an_answer_that_cannot_be_kept_does_no_harm, PreparedLists) {
    BOOST_TEST(!generations.open_current("missing").is_open());
    BOOST_TEST(!generations.open_current("items", std::string(300, 'x')).is_open());
    keep("missing", "list", "[1]");
    fs::create_directories(link("items") / "list" / "in-the-way");
    keep("items", "list", "[1]");
    BOOST_TEST(entries(link("items")) == 1U);
    BOOST_TEST(fs::is_directory(link("items") / "list"));
}

BOOST_FIXTURE_TEST_CASE(what_is_older_expires, PreparedLists) {
    for (const auto* name : {"employees", "items"}) {
        keep(name, "old", "[]");
        fs::last_write_time(link(name) / "old",
                            fs::file_time_type::clock::now() - std::chrono::minutes(1));
        keep(name, "young", "[]");
    }
    generations.expire(std::chrono::seconds(30));
    for (const auto* name : {"employees", "items"}) {
        BOOST_TEST(fs::exists(link(name) / "young"));
        BOOST_TEST(!fs::exists(link(name) / "old"));
    }
}

BOOST_FIXTURE_TEST_CASE(a_sweep_removes_what_old_generations_have_kept, PreparedLists) {
    keep("items", "list", "[1]");
    BOOST_REQUIRE(generations.swap("items"));
    age();
    generations.sweep();
    BOOST_TEST(kept() == 2U);
}

BOOST_FIXTURE_TEST_CASE(a_sweep_keeps_young_generations, PreparedLists) {
    BOOST_REQUIRE(generations.swap_all());
    generations.sweep();
    BOOST_TEST(kept() == 4U);
}

BOOST_FIXTURE_TEST_CASE(a_sweep_removes_old_generations_but_the_current_ones, PreparedLists) {
    BOOST_REQUIRE(generations.swap_all());
    age();
    const auto employees = current("employees");
    const auto items = current("items");
    generations.sweep();
    BOOST_TEST(kept() == 2U);
    BOOST_TEST(current("employees") == employees);
    BOOST_TEST(current("items") == items);
}

BOOST_FIXTURE_TEST_CASE(the_first_reader_makes_the_link_of_a_tag, PreparedLists) {
    BOOST_TEST(!fs::exists(link("items.colour=red")));
    BOOST_TEST(generations.swap("items", "colour=red"));
    BOOST_TEST(!fs::exists(link("items.colour=red")));
    BOOST_TEST(generations.open_current("items", "colour=red").is_open());
    const auto first = current("items.colour=red");
    BOOST_TEST(generations.open_current("items", "colour=red").is_open());
    BOOST_TEST(current("items.colour=red") == first);
    BOOST_TEST(generations.swap("items", "colour=red"));
    BOOST_TEST(!fs::exists(link("items.colour=red")));
    BOOST_TEST(generations.open_current("items", "colour=red").is_open());
    BOOST_TEST(current("items.colour=red") != first);
}

BOOST_FIXTURE_TEST_CASE(what_is_kept_for_a_tag_goes_with_its_generation, PreparedLists) {
    const auto keep_red = [&](const std::string& answer) {
        generations.keep("items", "colour=red", "list",
                         generations.open_current("items", "colour=red"), answer);
    };
    keep_red("[1]");
    BOOST_TEST(text_of(link("items.colour=red") / "list") == "[1]");
    auto late = generations.open_current("items", "colour=red");
    BOOST_TEST(generations.swap("items", "colour=red"));
    generations.keep("items", "colour=red", "list", std::move(late), "[1]");
    BOOST_TEST(generations.open_current("items", "colour=red").is_open());
    BOOST_TEST(entries(link("items.colour=red")) == 0U);
    BOOST_TEST(entries(link("items")) == 0U);
    keep("items", "list", "[2]");
    BOOST_TEST(generations.swap("items", "colour=red"));
    BOOST_TEST(text_of(link("items") / "list") == "[2]");
}

BOOST_FIXTURE_TEST_CASE(all_tags_of_a_collection_are_swapped_at_once, PreparedLists) {
    for (const auto* tag : {"a", "b", "c=1"}) generations.open_current("items", tag);
    generations.open_current("employees", "a");
    const auto items = current("items");
    const auto other = current("employees.a");
    BOOST_TEST(generations.swap_tags("items"));
    BOOST_TEST(current("items") != items);
    BOOST_TEST(current("employees.a") == other);
    BOOST_TEST(all(true).size() == 3U);
    BOOST_TEST(generations.swap_all());
    BOOST_TEST(all(true).size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(a_sweep_removes_links_that_are_too_many_and_what_tags_have_left,
                        PreparedLists) {
    for (std::size_t n = 0; n < Generations::most_tags; ++n) {
        generations.open_current("items", "n=" + std::to_string(n));
    }
    BOOST_TEST(!generations.open_current("items", "n=one-more").is_open());
    BOOST_TEST(generations.open_current("employees", "n=1").is_open());
    Generations other(run.path().string(), {"employees", "items"});
    BOOST_TEST(other.open_current("items", "n=one-more").is_open());
    age();
    generations.sweep();
    BOOST_TEST(all(true).size() == Generations::most_tags + 3);
    BOOST_TEST(kept() == Generations::most_tags + 3);
    BOOST_TEST(generations.swap_tags("items"));
    generations.sweep();
    BOOST_TEST(kept() == 3U);
    BOOST_TEST(generations.open_current("items", "n=one-more").is_open());
}

BOOST_AUTO_TEST_CASE(a_sweep_of_nothing_does_no_harm) {
    const TemporaryDirectory run;
    BOOST_CHECK_NO_THROW(Generations(run.path().string(), {"items"}).sweep());
}

BOOST_FIXTURE_TEST_CASE(a_read_only_directory_gives_false, PreparedLists) {
    const auto before = current("items");
    fs::permissions(run.path(), fs::perms(0555));
    {
        const OrdinaryUser ordinary;
        errno = 0;
        BOOST_TEST(!generations.swap("items"));
        BOOST_TEST(errno == EACCES);
        BOOST_TEST(!generations.swap_all());
    }
    BOOST_TEST(current("items") == before);
    fs::permissions(run.path(), fs::perms(0755));
}

BOOST_FIXTURE_TEST_CASE(a_link_that_cannot_be_replaced_gives_false, PreparedLists) {
    fs::remove(link("items"));
    fs::create_directories(link("items") / "in-the-way");
    errno = 0;
    BOOST_TEST(!generations.swap("items"));
    BOOST_TEST(errno != 0);
    BOOST_TEST(all(true).size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_run_directory_that_cannot_be_used_is_named) {
    const TemporaryDirectory run;
    const auto missing = (run.path() / "missing").string();
    const auto prepared = Generations(missing, {"items"}).prepare();
    BOOST_REQUIRE(!prepared);
    BOOST_TEST(prepared.error().find(missing) != std::string::npos);
}

/// Sets the process's mask for as long as it exists.
struct Mask {
    explicit Mask(mode_t mask) : former(umask(mask)) {}
    ~Mask() { umask(former); }
    mode_t former;
};

BOOST_AUTO_TEST_CASE(kept_lists_are_for_the_account_and_the_group_of_the_directory) {
    for (const mode_t mask : {0000, 0022, 0077}) {
        const Mask former(mask);
        close_new_files_to_others();
        Lists lists;
        BOOST_REQUIRE(chmod(lists.run.path().c_str(), S_ISGID | 0750) == 0);
        BOOST_REQUIRE(lists.generations.prepare().has_value());
        lists.keep("employees", "list", "[]");
        struct stat directory{};
        struct stat file{};
        BOOST_REQUIRE(stat(lists.current("employees").c_str(), &directory) == 0);
        BOOST_REQUIRE(stat((lists.current("employees") / "list").c_str(), &file) == 0);
        BOOST_TEST((directory.st_mode & 07777U) == (S_ISGID | 0750U));
        BOOST_TEST((file.st_mode & 07777U) == 0640U);
    }
}

BOOST_AUTO_TEST_SUITE_END()
