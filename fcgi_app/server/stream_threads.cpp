#include "server/stream_threads.hpp"

#include <utility>

namespace larder {

bool StreamThreads::has_room() {
    running_.remove_if([](const Running& one) { return one.is_done.load(); });
    return running_.size() < most;
}

void StreamThreads::begin(std::move_only_function<void()> job) {
    Running& one = running_.emplace_back();
    one.thread = std::jthread([&one, job = std::move(job)]() mutable {
        job();
        job = nullptr;
        one.is_done = true;
    });
}

}  // namespace larder
