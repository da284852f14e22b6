#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "records/backend.hpp"

namespace larder {

/// The store threads of a worker: each runs one job after another, in blocking style, with a
/// Backend of its own. Jobs wait in one queue of bounded length. Destruction finishes what was
/// accepted.
class StorePool {
public:
    using Job = std::move_only_function<void(Backend&)>;

    explicit StorePool(Larder& larder);
    ~StorePool();
    StorePool(const StorePool&) = delete;
    StorePool& operator=(const StorePool&) = delete;

    /// Queues a job that answers `requests` requests. False, and `job` is untouched: the queue is
    /// full. Any thread.
    bool submit(Job& job, std::size_t requests);

private:
    void work(Larder& larder);

    struct Waiting {
        Job job;
        std::size_t requests;
    };

    const std::size_t limit_;  // requests that may wait
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Waiting> queue_;
    std::size_t waiting_ = 0;
    bool is_ending_ = false;
    std::vector<std::jthread> threads_;
};

}  // namespace larder
