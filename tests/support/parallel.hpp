#pragma once

#include <chrono>
#include <concepts>
#include <latch>
#include <thread>
#include <type_traits>
#include <vector>

namespace larder::test {

/// Calls `action(0)` … `action(count - 1)`, each in a thread of its own, all released at the same
/// moment, and returns the results in that order. `action` must not throw, nor use Boost.Test's
/// assertions: these are for one thread.
template <std::invocable<std::size_t> Action>
auto in_parallel(std::size_t count, Action action) {
    std::vector<std::invoke_result_t<Action, std::size_t>> results(count);
    std::latch start(static_cast<std::ptrdiff_t>(count));
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < count; ++i) {
            threads.emplace_back([&, i] {
                start.arrive_and_wait();
                results[i] = action(i);
            });
        }
    }
    return results;
}

/// Asks `holds` every 20 ms until it says true, or `limit` has passed; the last answer.
template <std::predicate Predicate>
bool eventually(Predicate holds, std::chrono::seconds limit = std::chrono::seconds(30)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
}

}  // namespace larder::test
