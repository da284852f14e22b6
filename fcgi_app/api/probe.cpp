#include "api/probe.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace larder {

namespace {

template <class Waiting>
std::vector<Call> calls_of(std::vector<Waiting> waiting) {
    std::vector<Call> calls;
    for (Waiting& one : waiting) calls.push_back(std::move(one.call));
    return calls;
}

/// Takes the elements out for which `is_wanted`; the order stays.
template <class Waiting, class Predicate>
std::vector<Waiting> extract_if(std::vector<Waiting>& from, Predicate is_wanted) {
    const auto wanted =
        std::ranges::stable_partition(from, [&](const Waiting& one) { return !is_wanted(one); });
    std::vector<Waiting> taken(std::move_iterator(wanted.begin()),
                               std::move_iterator(wanted.end()));
    from.erase(wanted.begin(), wanted.end());
    return taken;
}

}  // namespace

Probe::Probe(Services& services, Answer answer)
    : answer_(std::move(answer)),
      thread_([this, &services](const std::stop_token& stop) { work(stop, services); }) {}

void Probe::add(Call call) {
    {
        const std::lock_guard lock(mutex_);
        waiting_.push_back({std::move(call), Clock::now(), next_number_++});
    }
    wake_.notify_one();
}

std::vector<Call> Probe::take_overdue(Clock::time_point now) {
    const std::lock_guard lock(mutex_);
    return calls_of(
        extract_if(waiting_, [&](const Waiting& one) { return now - one.since >= deadline; }));
}

std::vector<Call> Probe::take_until(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    return calls_of(extract_if(waiting_, [&](const Waiting& one) { return one.number < number; }));
}

bool Probe::has_calls() const {
    const std::lock_guard lock(mutex_);
    return !waiting_.empty();
}

void Probe::work(const std::stop_token& stop, Services& services) {
    Backend backend(services);
    for (;;) {
        std::uint64_t number = 0;
        {
            std::unique_lock lock(mutex_);
            if (!wake_.wait(lock, stop, [this] { return !waiting_.empty(); })) return;
            number = next_number_;
        }
        is_probing_ = true;
        const Operation::Signs signs{
            .database = backend.session.read({.sql = "SELECT 1"}).has_value(),
            .redis = backend.cache.ping()};
        is_probing_ = false;
        answer_(take_until(number), signs);
    }
}

}  // namespace larder
