#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "observe/metrics.hpp"
#include "records/backend.hpp"

namespace larder {

/// What a job may hold a store thread up with. Jobs of the bounded kinds never have all threads, so
/// that what waits for a slow client or for somebody else's lock stops nothing else.
enum class JobKind : unsigned char {
    brief,      ///< as long as PostgreSQL takes: any number of threads
    list,       ///< sends a list at the pace of its readers: at most half of the threads
    transfer,   ///< moves any number of records at the pace of one client: at most a quarter
    lock_wait,  ///< waits for a row that is locked: at most a quarter of the threads
};

/// Whether a job that is queued wakes a thread. `none` is for a job that ends right after it has
/// queued this one: its own thread looks into the queue next.
enum class Waking : unsigned char { another, none };

/// The store threads of a worker: each runs one job after another, in blocking style, with a
/// Backend of its own. Jobs wait in the order in which they came, in a queue of bounded length. Of
/// the threads that rest, the one that worked last is woken: under little load few sessions of
/// PostgreSQL do all the work, and their memory stays in the caches of the CPU. Destruction
/// finishes what was accepted.
class StoreThreads {
public:
    using Job = std::move_only_function<void(Backend&)>;
    /// Makes the Backend of a thread and runs `work` with it, on that thread.
    using WithBackend = std::function<void(const std::function<void(Backend&)>& work)>;

    /// `limit` requests may wait. `metrics` must outlive this.
    StoreThreads(std::size_t threads, std::size_t limit, const Metrics& metrics,
                 const WithBackend& with_backend);
    ~StoreThreads();
    StoreThreads(const StoreThreads&) = delete;
    StoreThreads& operator=(const StoreThreads&) = delete;

    // Any thread, all of them.

    /// Counts a request among those that wait; false: too many do. `release` tells that requests
    /// wait no more.
    bool admit();
    void release(std::size_t requests);

    /// Queues a job. It must not throw.
    void push(Job job, JobKind kind = JobKind::brief, Waking waking = Waking::another);

private:
    static constexpr std::size_t kinds = 4;
    struct Waiting {
        Job job;
        std::uint64_t number;
    };
    struct Queue {
        std::deque<Waiting> jobs;
        std::size_t running = 0;
        std::size_t most_running = 0;
    };

    struct Resting {
        std::condition_variable wake;
        bool is_called = false;
    };

    Queue* next_queue();
    bool may_run(const Queue& queue) const;
    Resting* call_one();
    void rest(std::unique_lock<std::mutex>& lock, Resting& self);
    void work(Backend& backend, Resting& self);

    const Metrics& metrics_;
    const std::size_t limit_;
    const std::size_t most_bounded_;  // jobs of the bounded kinds that run at once
    std::mutex mutex_;                // guards all below
    std::deque<Resting> places_;      // one for each thread
    std::vector<Resting*> resting_;   // the last one to rest is the last
    std::array<Queue, kinds> queues_;
    std::size_t bounded_ = 0;
    std::uint64_t next_number_ = 0;
    std::size_t waiting_ = 0;
    bool is_ending_ = false;
    std::vector<std::jthread> threads_;
};

}  // namespace larder
