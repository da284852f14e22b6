#include "server/store_threads.hpp"

#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <future>
#include <map>
#include <memory>
#include <ranges>
#include <thread>

#include "records/services.hpp"
#include "resources.hpp"
#include "support/parallel.hpp"
#include "temporary_directory.hpp"

using namespace larder;

namespace {

/// Store threads whose jobs use neither PostgreSQL nor Redis.
struct Threads {
    static constexpr std::size_t count = 8;

    TemporaryDirectory run;
    Settings settings = [this] {
        Settings made;
        made.run_dir = run.path().string();
        return made;
    }();
    std::unique_ptr<MetricsMemory> memory = std::move(*MetricsMemory::open(run.path().string()));
    SharedState shared{};
    Services services{settings, resources(), shared, *memory};
    StoreThreads threads{count, 100, services.metrics, [this](const auto& work) {
                             Backend backend(services);
                             work(backend);
                         }};

    /// The thread that has run a brief job.
    std::thread::id thread_of_job() {
        std::promise<std::thread::id> ran;
        threads.push([&](Backend&) { ran.set_value(std::this_thread::get_id()); });
        return ran.get_future().get();
    }

    bool is_at_rest() const {
        const auto totals = memory->totals([](std::string_view) { return false; });
        return totals.at("larder_store_threads_busy") == 0;
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(store_threads)

// PostgreSQL's processes would take turns as well, each with cold caches.
BOOST_FIXTURE_TEST_CASE(a_lone_client_is_served_by_the_same_thread, Threads) {
    std::map<std::thread::id, int> jobs;
    for (int i = 0; i < 200; ++i) {
        ++jobs[thread_of_job()];
        BOOST_TEST(test::eventually([&] { return is_at_rest(); }));
    }
    BOOST_TEST(std::ranges::max(jobs | std::views::values) > 100);
}

BOOST_FIXTURE_TEST_CASE(jobs_that_come_together_run_side_by_side, Threads) {
    std::atomic<std::size_t> running = 0;
    for (std::size_t i = 0; i < count; ++i) {
        threads.push([&](Backend&) {
            ++running;
            running.notify_all();
            for (auto seen = running.load(); seen < count; seen = running) running.wait(seen);
        });
    }
    BOOST_TEST(test::eventually([&] { return running == count && is_at_rest(); }));
}

BOOST_FIXTURE_TEST_CASE(jobs_that_may_be_held_up_leave_threads_to_others, Threads) {
    std::promise<void> go;
    const auto may_end = go.get_future().share();
    std::atomic<std::size_t> ended = 0;
    const auto hold = [&ended, may_end](Backend&) {
        may_end.wait();
        ++ended;
    };
    for (const auto kind : {JobKind::list, JobKind::transfer, JobKind::lock_wait}) {
        for (std::size_t i = 0; i < count; ++i) threads.push(hold, kind);
    }
    for (int i = 0; i < 20; ++i) BOOST_TEST((thread_of_job() != std::thread::id{}));
    go.set_value();
    BOOST_TEST(test::eventually([&] { return ended == 3 * count && is_at_rest(); }));
}

BOOST_AUTO_TEST_CASE(what_was_accepted_is_finished) {
    std::atomic<int> ended = 0;
    {
        Threads stack;
        for (int i = 0; i < 100; ++i) {
            stack.threads.push([&](Backend&) { ++ended; }, JobKind::list, Waking::none);
        }
        stack.threads.push([](Backend&) {});
    }
    BOOST_TEST(ended == 100);
}

BOOST_AUTO_TEST_SUITE_END()
