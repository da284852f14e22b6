#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
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
    /// full. Any thread, as all below.
    bool submit(Job& job, std::size_t requests);

    /// The same in steps, for requests that wait elsewhere for a job: `admit` counts them among
    /// those that wait (false: too many do), `push` queues a job that was not counted, and
    /// `release` tells that they wait no more.
    bool admit(std::size_t requests);
    void push(Job job) { push(std::move(job), 0); }
    /// `push` for a job that ends right after it: its own thread looks into the queue next, so none
    /// is woken.
    void push_last(Job job);
    void release(std::size_t requests);

private:
    void push(Job job, std::size_t requests);
    void work(Larder& larder);
    void count_waiting() const;

    struct Waiting {
        Job job;
        std::size_t requests;
    };

    const Metrics& metrics_;
    const std::size_t limit_;  // requests that may wait
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Waiting> queue_;
    std::size_t waiting_ = 0;
    bool is_ending_ = false;
    std::vector<std::jthread> threads_;
};

}  // namespace larder
