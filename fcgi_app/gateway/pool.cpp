#include "gateway/pool.hpp"

namespace larder {

StorePool::StorePool(Larder& larder)
    : metrics_(larder.metrics), limit_(static_cast<std::size_t>(larder.settings.queue_limit)) {
    metrics_.store_threads.set(larder.settings.store_threads);
    metrics_.store_queue_limit.set(larder.settings.queue_limit);
    for (int i = 0; i < larder.settings.store_threads; ++i) {
        threads_.emplace_back([this, &larder] { work(larder); });
    }
}

StorePool::~StorePool() {
    {
        const std::lock_guard lock(mutex_);
        is_ending_ = true;
    }
    wake_.notify_all();
}

bool StorePool::submit(Job& job, std::size_t requests) {
    if (!admit(requests)) return false;
    push(std::move(job), requests);
    return true;
}

bool StorePool::admit(std::size_t requests) {
    const std::lock_guard lock(mutex_);
    if (waiting_ + requests > limit_ && waiting_ > 0) return false;
    waiting_ += requests;
    count_waiting();
    return true;
}

void StorePool::push(Job job, std::size_t requests) {
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back({std::move(job), requests});
    }
    wake_.notify_one();
}

void StorePool::push_last(Job job) {
    const std::lock_guard lock(mutex_);
    queue_.push_back({std::move(job), 0});
}

void StorePool::release(std::size_t requests) {
    const std::lock_guard lock(mutex_);
    waiting_ -= requests;
    count_waiting();
}

void StorePool::work(Larder& larder) {
    Backend backend(larder);
    for (;;) {
        Job job;
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return is_ending_ || !queue_.empty(); });
            if (queue_.empty()) return;
            job = std::move(queue_.front().job);
            waiting_ -= queue_.front().requests;
            count_waiting();
            queue_.pop_front();
        }
        const Counted busy(&metrics_.store_threads_busy);
        job(backend);
    }
}

// Called under the mutex.
void StorePool::count_waiting() const {
    metrics_.store_queue_requests.set(static_cast<std::int64_t>(waiting_));
}

}  // namespace larder
