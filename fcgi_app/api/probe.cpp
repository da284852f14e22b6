#include "api/probe.hpp"

#include <algorithm>
#include <utility>

namespace larder {

Probe::State::State(Services& services, Answer given)
    : answer(std::move(given)),
      cache(services.trust, services.metrics, services.settings.redis,
            std::chrono::milliseconds(services.settings.redis_timeout_ms)) {}

/// Whoever takes a call out answers it; the order stays.
std::vector<Call> Probe::State::take(const std::function<bool(const Waiting&)>& is_wanted) {
    const std::lock_guard lock(mutex);
    const auto wanted =
        std::ranges::stable_partition(waiting, [&](const Waiting& one) { return !is_wanted(one); });
    std::vector<Call> calls;
    for (Waiting& one : wanted) calls.push_back(std::move(one.call));
    waiting.erase(wanted.begin(), wanted.end());
    return calls;
}

Probe::Probe(Services& services, Answer answer)
    : watch_(services.database_watch),
      state_(std::make_shared<State>(services, std::move(answer))) {}

void Probe::add(Call call) {
    std::uint64_t number = 0;
    {
        const std::lock_guard lock(state_->mutex);
        number = state_->next_number++;
        state_->waiting.push_back({std::move(call), Clock::now(), number});
    }
    watch_.ask([state = state_, number](bool has_database) {
        auto calls = state->take([&](const Waiting& one) { return one.number <= number; });
        if (calls.empty()) return;
        const Operation::Signs signs{.database = has_database, .redis = state->cache.ping()};
        state->answer(std::move(calls), signs);
    });
}

std::vector<Call> Probe::take_overdue(Clock::time_point now) {
    return state_->take([&](const Waiting& one) { return now - one.since >= deadline; });
}

bool Probe::has_calls() const {
    const std::lock_guard lock(state_->mutex);
    return !state_->waiting.empty();
}

}  // namespace larder
