#include "records/caretaker.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <mutex>
#include <optional>
#include <string>

#include "access/key_set.hpp"
#include "access/links.hpp"
#include "observe/answer_log.hpp"
#include "observe/log.hpp"
#include "records/epoch.hpp"
#include "records/idempotency.hpp"

namespace larder {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds shortest_pause{50};
constexpr milliseconds longest_pause{2000};
constexpr std::chrono::seconds calm{5};  // trusted for so long: the next loss is a new trouble
constexpr std::chrono::seconds sweep_interval{5};
constexpr std::chrono::seconds count_interval{1};
constexpr std::chrono::seconds key_interval{1};
// A tag has a directory of its own, so there may be thousands to look into.
constexpr std::chrono::seconds shortest_expiry_interval{1};
constexpr std::chrono::seconds longest_expiry_interval{5};
constexpr std::chrono::seconds longest_key_interval{60};
constexpr std::size_t answers_per_step = 1000;

/// Counts what nginx has answered by itself, once a second.
class AnswerCounter {
public:
    explicit AnswerCounter(const Services& services) : services_(services) {}

    void tend(Clock::time_point now) {
        if (now < next_) return;
        next_ = now + count_interval;
        const auto counted = count_answers(services_.metrics.memory, services_.settings.run_dir);
        const std::string trouble = counted ? "" : counted.error();
        if (trouble != last_trouble_ && !counted) {
            log_error("answers_not_counted", {{"error", trouble}});
        }
        last_trouble_ = trouble;
    }

private:
    const Services& services_;
    Clock::time_point next_{};
    std::string last_trouble_;
};

/// Looks at the key file of JWTs once a second. Verdicts that rest on a former one are wrong from
/// then on.
class KeyWatch {
public:
    explicit KeyWatch(Services& services) : services_(services), last_(services.first_key_stamp) {}

    void tend(Clock::time_point now) {
        const std::string& path = services_.settings.auth_jwks;
        if (path.empty() || now < next_) return;
        next_ = now + key_interval;
        const auto stamp = access::stamp_of(path);
        if (stamp == last_ || !services_.access_generation.swap()) return;
        last_ = stamp;
        log_info("keys_changed", {{"file", path}});
    }

private:
    Services& services_;
    std::optional<access::FileStamp> last_;
    Clock::time_point next_{};
};

/// Removes the answers to writes that are too old, a few at a time.
class AnswerExpiry {
public:
    explicit AnswerExpiry(Backend& backend) : backend_(backend) {}

    void tend(Clock::time_point now) {
        if (now < next_) return;
        const auto removed = remove_expired(backend_, answers_per_step);
        if (removed && *removed == answers_per_step) return;  // there are more
        const std::chrono::seconds lifetime(backend_.services.settings.idempotency_ttl);
        next_ = now + std::clamp(lifetime / 10, shortest_expiry_interval, longest_key_interval);
    }

private:
    Backend& backend_;
    Clock::time_point next_ = Clock::now() + shortest_expiry_interval;
};

/// Removes what nobody looks for any more, and makes the link again if it is gone.
void sweep_access(const Services& services) {
    if (const auto made = services.access_generation.prepare(); !made) {
        log_error("access_not_prepared", {{"error", made.error()}});
    }
    services.access_generation.sweep();
    if (services.settings.auth)
        access::Links::sweep(services.access_generation, std::time(nullptr));
}

/// Why Redis cannot be trusted: once in the log, and again when the reason is another one.
void log_trouble(const std::string& error, std::string& last) {
    if (error == last) return log_debug("redis_not_trusted", {{"error", error}});
    if (!error.empty()) log_error("redis_not_trusted", {{"error", error}});
    last = error;
}

}  // namespace

void take_care(const std::stop_token& stop, Services& services) {
    Backend backend(services);
    std::mutex mutex;
    std::condition_variable_any wake;
    milliseconds pause = shortest_pause;
    Clock::time_point last_loss = Clock::now();
    Clock::time_point next_sweep = Clock::now() + sweep_interval;
    Clock::time_point next_expiry = Clock::now();
    const std::chrono::seconds list_lifetime(services.settings.list_cache_ttl);
    std::uint64_t swept_epoch = 0;
    AnswerCounter answers(services);
    KeyWatch keys(services);
    AnswerExpiry expiry(backend);
    std::string trouble;
    while (!stop.stop_requested()) {
        const auto now = Clock::now();
        if (services.trust.epoch() == 0) {
            if (now - last_loss > calm + pause) pause = shortest_pause;
            const bool regained = regain_trust(backend);
            if (!regained) log_trouble(backend.cache.error(), trouble);
            if (regained) trouble.clear();
            pause = std::min(pause * 2, longest_pause);
            last_loss = now;
        }
        answers.tend(now);
        keys.tend(now);
        expiry.tend(now);
        if (now >= next_expiry && list_lifetime > list_lifetime.zero()) {
            services.generations.expire(list_lifetime);
            next_expiry = now + std::clamp(list_lifetime / 10, shortest_expiry_interval,
                                           longest_expiry_interval);
        }
        if (now >= next_sweep) {
            services.generations.sweep();
            sweep_access(services);
            // Nobody asks for the entries of former epochs, but without a lifetime they would stay.
            const std::uint64_t epoch = services.trust.epoch();
            if (epoch != swept_epoch && epoch != 0) backend.cache.remove_other_epochs(epoch);
            swept_epoch = epoch;
            next_sweep = now + sweep_interval;
        }
        std::unique_lock lock(mutex);
        wake.wait_for(lock, stop, services.trust.epoch() == 0 ? pause : shortest_pause,
                      [] { return false; });
    }
}

}  // namespace larder
