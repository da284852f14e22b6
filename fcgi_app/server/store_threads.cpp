#include "server/store_threads.hpp"

#include <algorithm>

namespace larder {

StoreThreads::StoreThreads(std::size_t threads, std::size_t limit, const Metrics& metrics,
                           const WithBackend& with_backend)
    : metrics_(metrics),
      limit_(limit),
      most_bounded_(std::max<std::size_t>(1, threads - std::min<std::size_t>(threads, 1))),
      places_(threads) {
    queues_[static_cast<std::size_t>(JobKind::brief)].most_running = threads;
    queues_[static_cast<std::size_t>(JobKind::list)].most_running =
        std::max<std::size_t>(1, threads / 2);
    for (const JobKind kind : {JobKind::transfer, JobKind::lock_wait}) {
        queues_[static_cast<std::size_t>(kind)].most_running =
            std::max<std::size_t>(1, threads / 4);
    }
    metrics_.store_threads.set(static_cast<std::int64_t>(threads));
    metrics_.store_queue_limit.set(static_cast<std::int64_t>(limit));
    for (std::size_t i = 0; i < threads; ++i) {
        threads_.emplace_back([this, with_backend, &self = places_[i]] {
            with_backend([&](Backend& backend) { work(backend, self); });
        });
    }
}

StoreThreads::~StoreThreads() {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
    while (Resting* const one = call_one()) one->wake.notify_one();
}

bool StoreThreads::admit() {
    const std::lock_guard lock(mutex_);
    if (waiting_ >= limit_) return false;
    ++waiting_;
    metrics_.store_queue_requests.set(static_cast<std::int64_t>(waiting_));
    return true;
}

void StoreThreads::release(std::size_t requests) {
    const std::lock_guard lock(mutex_);
    waiting_ -= requests;
    metrics_.store_queue_requests.set(static_cast<std::int64_t>(waiting_));
}

void StoreThreads::push(Job job, JobKind kind, Waking waking) {
    Resting* called = nullptr;
    {
        const std::lock_guard lock(mutex_);
        queues_[static_cast<std::size_t>(kind)].jobs.push_back({std::move(job), next_number_++});
        if (waking == Waking::another) called = call_one();
    }
    if (called != nullptr) called->wake.notify_one();
}

/// Takes the thread that rests since the shortest time, to be woken; null: none rests. Under the
/// mutex.
StoreThreads::Resting* StoreThreads::call_one() {
    if (resting_.empty()) return nullptr;
    Resting* const called = resting_.back();
    resting_.pop_back();
    called->is_called = true;
    return called;
}

/// Until it is called.
void StoreThreads::rest(std::unique_lock<std::mutex>& lock, Resting& self) {
    self.is_called = false;
    resting_.push_back(&self);
    self.wake.wait(lock, [&] { return self.is_called; });
}

bool StoreThreads::may_run(const Queue& queue) const {
    if (queue.jobs.empty() || queue.running >= queue.most_running) return false;
    return &queue == &queues_.front() || bounded_ < most_bounded_;
}

/// The queue of the oldest job that may run now; null: there is none. Under the mutex.
StoreThreads::Queue* StoreThreads::next_queue() {
    Queue* oldest = nullptr;
    for (Queue& queue : queues_) {
        if (!may_run(queue)) continue;
        if (oldest == nullptr || queue.jobs.front().number < oldest->jobs.front().number) {
            oldest = &queue;
        }
    }
    return oldest;
}

void StoreThreads::work(Backend& backend, Resting& self) {
    std::unique_lock lock(mutex_);
    for (;;) {
        Queue* queue = nullptr;
        while ((queue = next_queue()) == nullptr && !is_ending_) rest(lock, self);
        if (queue == nullptr) return;
        Job job = std::move(queue->jobs.front().job);
        queue->jobs.pop_front();
        const bool is_bounded = queue != &queues_.front();
        ++queue->running;
        bounded_ += is_bounded ? 1 : 0;
        // This thread may be held up: what else waits is another one's.
        if (is_bounded && next_queue() != nullptr) {
            if (Resting* const another = call_one()) another->wake.notify_one();
        }
        lock.unlock();
        {
            const Counted busy(&metrics_.store_threads_busy);
            job(backend);
            job = nullptr;
        }
        lock.lock();
        --queue->running;
        bounded_ -= is_bounded ? 1 : 0;
    }
}

}  // namespace larder
