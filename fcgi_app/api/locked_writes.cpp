#include "api/locked_writes.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "api/guarded.hpp"
#include "api/request_scope.hpp"

namespace larder {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds shortest_lock_wait{1};  // 0 would mean for ever

/// What a write may have to wait for: its record, or, of a new one, the unique values that it
/// claims and the records that it refers to.
std::string lock_key(const Call& call) {
    std::string key = call.operation->endpoint().path;
    key.append(1, ' ').append(call.argument);
    if (!call.argument.empty()) return key;
    for (const Assignment& sent : call.change.assignments) {
        const bool may_wait = sent.field->unique || sent.field->reference() != nullptr;
        if (may_wait && sent.value) key.append(1, ' ').append(*sent.value);
    }
    return key;
}

bool is_write(const Call& call) { return call.operation->endpoint().method != http::Method::get; }

}  // namespace

http::Response too_many_waiting() {
    return http::problem(
        {.kind = ErrorKind::unavailable, .detail = "Too many requests are waiting."});
}

LockedWrites::LockedWrites(const Services& services, StoreThreads& threads, HandBack hand_back)
    : services_(services),
      threads_(threads),
      hand_back_(std::move(hand_back)),
      most_calls_(
          std::max<std::size_t>(1, static_cast<std::size_t>(services.settings.queue_limit) / 4)) {}

bool LockedWrites::has_others(const Call& call) {
    if (keys_.load() == 0 || !is_write(call)) return false;
    const std::string key = lock_key(call);
    return !key.ends_with(' ') && queues_.contains(key);  // it names a record
}

void LockedWrites::add(Call call) {
    if (calls_.fetch_add(1) >= most_calls_) {
        --calls_;
        services_.metrics.store_refused.add();
        guarded({&call, 1}, [&] { call.connection->answer(too_many_waiting()); });
        return hand_back_({&call, 1});
    }
    const std::string key = lock_key(call);
    if (!queues_.add(key, std::move(call))) return;
    ++keys_;
    push(key, Waking::another);
}

void LockedWrites::push(const std::string& key, Waking waking) {
    threads_.push([this, key](Backend& backend) { serve_next(backend, key); }, JobKind::lock_wait,
                  waking);
}

void LockedWrites::serve_next(Backend& backend, const std::string& key) {
    const auto calls = queues_.take(key, 1);
    --calls_;
    guarded(calls, [&] { try_until_timeout(backend, calls.front()); });
    hand_back_(calls);
    if (queues_.done(key)) return push(key, Waking::none);
    --keys_;
}

void LockedWrites::try_until_timeout(Backend& backend, const Call& call) const {
    if (call.connection->is_gone()) return;
    const RequestScope scope(call.request(), backend);
    const auto until =
        call.connection->received_at() + milliseconds(services_.settings.lock_timeout_ms);
    const auto left = std::chrono::duration_cast<milliseconds>(until - Connection::Clock::now());
    if (call.operation->answer_alone(backend, call, std::max(left, shortest_lock_wait))) return;
    call.connection->answer(http::problem(locked_by_another()));
}

}  // namespace larder
