#include "observe/metrics_memory.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "temporary_directory.hpp"

using namespace larder;

namespace {

struct RunDirectory {
    TemporaryDirectory run;

    std::unique_ptr<MetricsMemory> open() const {
        auto memory = MetricsMemory::open(run.path().string());
        BOOST_REQUIRE(memory);
        return std::move(*memory);
    }

    /// Starts a process that does `work` with a place of its own.
    pid_t start(const std::function<void(MetricsMemory&)>& work) const {
        const pid_t child = fork();
        BOOST_REQUIRE(child >= 0);
        if (child == 0) {
            const auto memory = MetricsMemory::open(run.path().string());
            if (!memory) _exit(1);
            work(**memory);
            _exit(0);
        }
        return child;
    }

    void run_process(const std::function<void(MetricsMemory&)>& work) const { await(start(work)); }

    static void await(pid_t child) {
        int status = 0;
        BOOST_REQUIRE(waitpid(child, &status, 0) == child);
        BOOST_TEST(status == 0);
    }

    static void end(pid_t child) {
        kill(child, SIGKILL);
        waitpid(child, nullptr, 0);
    }
};

bool is_gauge(std::string_view series) { return series.starts_with("gauge"); }

std::uint64_t total(const MetricsMemory& memory, const std::string& series) {
    const auto totals = memory.totals(is_gauge);
    const auto found = totals.find(series);
    return found == totals.end() ? 0 : found->second;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics_memory)

BOOST_FIXTURE_TEST_CASE(what_a_process_counted_outlives_it, RunDirectory) {
    for (int i = 0; i < 3; ++i) {
        run_process([](MetricsMemory& memory) { memory.cell("a_total") += 5; });
    }
    const auto memory = open();
    BOOST_TEST(total(*memory, "a_total") == 15U);
    memory->cell("a_total") += 1;
    BOOST_TEST(total(*memory, "a_total") == 16U);
}

BOOST_FIXTURE_TEST_CASE(a_killed_process_leaves_its_place_and_its_counts, RunDirectory) {
    const auto memory = open();
    for (int i = 0; i < 20; ++i) {
        const pid_t child = start([](MetricsMemory& own) {
            own.cell("a_total") += 1;
            for (;;) pause();
        });
        while (total(*memory, "a_total") != static_cast<std::uint64_t>(i) + 1) usleep(1000);
        end(child);
    }
    BOOST_TEST(total(*memory, "a_total") == 20U);
}

BOOST_FIXTURE_TEST_CASE(a_gauge_is_the_sum_of_those_that_live, RunDirectory) {
    const auto memory = open();
    memory->cell("gauge") = 1;
    const pid_t child = start([](MetricsMemory& own) {
        own.cell("gauge") = 10;
        for (;;) pause();
    });
    while (total(*memory, "gauge") != 11) usleep(1000);
    end(child);
    BOOST_TEST(total(*memory, "gauge") == 1U);
}

BOOST_FIXTURE_TEST_CASE(processes_and_threads_lose_no_count, RunDirectory) {
    constexpr int processes = 4;
    constexpr int threads = 3;
    constexpr int counts = 20000;
    std::vector<pid_t> children;
    for (int i = 0; i < processes; ++i) {
        children.push_back(start([](MetricsMemory& memory) {
            std::vector<std::jthread> workers;
            for (int thread = 0; thread < threads; ++thread) {
                // Every series is new to all of them at the same moment.
                workers.emplace_back([&memory] {
                    for (int count = 0; count < counts; ++count) {
                        memory.cell("s" + std::to_string(count % 20) + "_total").fetch_add(1);
                    }
                });
            }
        }));
    }
    for (const pid_t child : children) await(child);
    const auto memory = open();
    const auto totals = memory->totals(is_gauge);
    BOOST_TEST(totals.size() == 20U);
    for (const auto& [series, value] : totals) {
        BOOST_TEST(value == static_cast<std::uint64_t>(processes * threads * counts / 20));
    }
}

BOOST_FIXTURE_TEST_CASE(more_processes_than_places_count_all_the_same, RunDirectory) {
    std::vector<std::unique_ptr<MetricsMemory>> all;
    for (std::size_t i = 0; i < MetricsLayout::most_processes + 3; ++i) {
        all.push_back(open());
        all.back()->cell("a_total") += 1;
    }
    BOOST_TEST(total(*all.front(), "a_total") == all.size());
}

BOOST_FIXTURE_TEST_CASE(what_has_no_room_breaks_nothing, RunDirectory) {
    const auto memory = open();
    const std::string longest(187, 'x');
    memory->cell(longest) += 1;
    memory->cell(longest + 'x') += 1;
    BOOST_TEST(memory->totals(is_gauge).size() == 1U);
    BOOST_TEST(total(*memory, longest) == 1U);
    for (std::size_t i = 0; i < MetricsLayout::most_series + 10; ++i) {
        memory->cell(std::to_string(i)) += 1;
    }
    BOOST_TEST(memory->totals(is_gauge).size() == MetricsLayout::most_series);
    BOOST_TEST(total(*memory, longest) == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_file_of_another_layout_is_replaced, RunDirectory) {
    const auto path = run.path() / "metrics";
    const auto old = open();
    old->cell("a_total") += 7;
    {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        const std::uint64_t other = MetricsLayout::current_layout + 1;
        file.write(reinterpret_cast<const char*>(&other), sizeof other);
    }
    const auto memory = open();
    BOOST_TEST(total(*memory, "a_total") == 0U);
    old->cell("a_total") += 1;
    BOOST_TEST(total(*memory, "a_total") == 0U);
    BOOST_TEST(total(*old, "a_total") == 8U);
    BOOST_TEST(total(*open(), "a_total") == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_file_of_another_size_is_replaced, RunDirectory) {
    std::ofstream(run.path() / "metrics") << "x";
    const auto memory = open();
    memory->cell("a_total") += 1;
    BOOST_TEST(total(*open(), "a_total") == 1U);
    BOOST_TEST(std::filesystem::file_size(run.path() / "metrics") == sizeof(MetricsLayout));
}

BOOST_FIXTURE_TEST_CASE(a_directory_that_is_missing_is_named, RunDirectory) {
    const std::string missing = (run.path() / "missing").string();
    const auto memory = MetricsMemory::open(missing);
    BOOST_REQUIRE(!memory);
    BOOST_TEST(memory.error().find(missing) != std::string::npos);
    BOOST_TEST(memory.error().find("No such file or directory") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(answers_are_added_to_what_processes_count, RunDirectory) {
    const auto memory = open();
    memory->cell("a_total") += 1;
    memory->add_answers({.inode = 5, .offset = 10}, {{"a_total", 2}, {"b_total", 3}});
    memory->add_answers({.inode = 5, .offset = 20}, {{"b_total", 4}});
    BOOST_TEST(total(*memory, "a_total") == 3U);
    BOOST_TEST(total(*memory, "b_total") == 7U);
    const auto position = open()->answer_position();
    BOOST_TEST(position.inode == 5U);
    BOOST_TEST(position.offset == 20U);
}

// Position and numbers change together, whenever the one who changes them is killed.
BOOST_FIXTURE_TEST_CASE(a_kill_cannot_part_answers_from_their_position, RunDirectory) {
    const auto memory = open();
    for (int round = 0; round < 30; ++round) {
        const auto before = memory->answer_position().offset;
        const pid_t child = start([](MetricsMemory& own) {
            for (;;) {
                const auto offset = own.answer_position().offset + 1;
                own.add_answers({.inode = 1, .offset = offset}, {{"a_total", 1}, {"b_total", 1}});
            }
        });
        while (memory->answer_position().offset == before) usleep(100);
        usleep(static_cast<unsigned>(round) * 37U);
        end(child);
        const auto position = memory->answer_position();
        BOOST_TEST(position.offset > before);
        BOOST_TEST(total(*memory, "a_total") == position.offset);
        BOOST_TEST(total(*memory, "b_total") == position.offset);
    }
}

BOOST_AUTO_TEST_SUITE_END()
