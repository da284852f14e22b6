#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "api/operation.hpp"
#include "records/services.hpp"
#include "server/group_queue.hpp"
#include "server/store_threads.hpp"

namespace larder {

/// Writes that met the lock of another transaction, in one bounded queue for each record (or for
/// the unique values that a new record claims and the records that it refers to). One write of each
/// queue waits for the lock at a time, until LOCK_TIMEOUT_MS after its request came;
/// JobKind::lock_wait bounds how many store threads do so. The rest of the queue holds no thread.
/// At most a quarter of QUEUE_LIMIT writes are here. Any thread.
class LockedWrites {
public:
    /// Takes back calls that are answered or whose clients have hung up.
    using HandBack = std::function<void(std::span<const Call>)>;

    /// All must outlive this; `threads` may be made after it.
    LockedWrites(const Services& services, StoreThreads& threads, HandBack hand_back);

    /// Whether other writes to the record of this call, or to what it claims and refers to, are
    /// here. Then it has to go behind them,
    /// because it would hold up the group that it shares a transaction with.
    bool has_others(const Call& call);

    /// Queues a write whose connection is lent. One too many is refused.
    void add(Call call);

private:
    void push(const std::string& key, Waking waking);
    void serve_next(Backend& backend, const std::string& key);
    void try_until_timeout(Backend& backend, const Call& call) const;

    const Services& services_;
    StoreThreads& threads_;
    const HandBack hand_back_;
    const std::size_t most_calls_;
    GroupQueue<Call> queues_;
    std::atomic<std::size_t> calls_ = 0;  // those that wait
    std::atomic<std::size_t> keys_ = 0;   // queues at work; read before the mutex of `queues_`
};

/// The answer where QUEUE_LIMIT, or the bound above, is reached.
http::Response too_many_waiting();

}  // namespace larder
