#include "resources.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <ostream>

#include "../support/worker_state.hpp"

namespace larder::coherence {
namespace {

constexpr std::size_t quarters = 4;
// What a worker may have more at one time than at another without any growth.
constexpr std::size_t memory_slack = 16 * 1024;
constexpr std::size_t descriptor_slack = 32;

bool is_flat(std::size_t before, std::size_t after, std::size_t slack) {
    return after <= before + before / 4 + slack;
}

}  // namespace

Resources::Resources(const test::Stack& stack)
    : stack_(stack), thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Resources::run(const std::stop_token& stop) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any wait;
    while (!stop.stop_requested()) {
        Sample largest{};
        for (const int pid : stack_.pids("worker")) {
            largest.memory = std::max(largest.memory, test::resident_memory(pid));
            largest.descriptors = std::max(largest.descriptors, test::count_descriptors(pid));
        }
        if (largest.descriptors > 0) samples_.push_back(largest);
        wait.wait_for(lock, stop, std::chrono::seconds(1), [] { return false; });
    }
}

Resources::Sample Resources::median(std::size_t quarter) const {
    const auto at = [this](std::size_t number) {
        return samples_.begin() + static_cast<std::ptrdiff_t>(samples_.size() * number / quarters);
    };
    std::vector<std::size_t> memory;
    std::vector<std::size_t> descriptors;
    for (auto it = at(quarter); it != at(quarter + 1); ++it) {
        memory.push_back(it->memory);
        descriptors.push_back(it->descriptors);
    }
    std::ranges::sort(memory);
    std::ranges::sort(descriptors);
    return {memory[memory.size() / 2], descriptors[descriptors.size() / 2]};
}

void Resources::report(std::ostream& out) {
    thread_.request_stop();
    thread_.join();
    if (samples_.size() < quarters) return;
    out << "largest worker, by quarter of the run:";
    for (std::size_t quarter = 0; quarter < quarters; ++quarter) {
        const auto sample = median(quarter);
        out << fmt::format(" {} MiB {} descriptors{}", sample.memory / 1024, sample.descriptors,
                           quarter + 1 < quarters ? "," : "\n");
    }
    const auto before = median(1);
    const auto after = median(quarters - 1);
    out << fmt::format(
        "memory: {}, descriptors: {}\n",
        is_flat(before.memory, after.memory, memory_slack) ? "flat" : "grew",
        is_flat(before.descriptors, after.descriptors, descriptor_slack) ? "flat" : "grew");
}

}  // namespace larder::coherence
