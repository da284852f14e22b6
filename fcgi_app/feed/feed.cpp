#include "feed/feed.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include "feed/copy_data.hpp"
#include "feed/invalidate.hpp"
#include "feed/prerequisites.hpp"
#include "observe/log.hpp"
#include "records/epoch.hpp"

namespace larder {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds shortest_pause{50};  // before the next try to connect
constexpr milliseconds longest_pause{2000};
constexpr seconds setup_pause{10};  // where only the operator can help
constexpr seconds calm{5};          // followed for so long: the next loss is a new trouble

constexpr seconds tick{1};      // between two signs of life
constexpr seconds late{1};      // from here on caches are renewed blindly, this often
constexpr seconds silence{15};  // of a PostgreSQL that is asked every second: it is lost

// What arrives within a moment is done at once: it bounds how often lists change their generation.
constexpr milliseconds batch_pause{1};
constexpr milliseconds batch_time{2};
constexpr std::size_t batch_keys = 500;
// Between two looks whether what is in the log has become visible.
constexpr milliseconds visible_pause{2};

constexpr std::chrono::sys_days postgresql_epoch{std::chrono::year{2000} / 1 / 1};

pgoutput::Timestamp postgresql_now() {
    const auto since = std::chrono::system_clock::now() - postgresql_epoch;
    return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
}

std::int64_t unix_now() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<milliseconds>(since).count();
}

}  // namespace

Feed::Feed(Services& services, std::span<const Resource> resources, int stop)
    : backend_(services),
      resources_(resources),
      memory_(services.memory),
      stop_(stop),
      follower_(resources, services.host_id, services.form) {}

void Feed::run() {
    milliseconds pause = shortest_pause;
    while (!is_stopped_) {
        started_ = Clock::time_point::max();
        const auto problem = missing_prerequisite(backend_.session, resources_);
        const auto followed = problem ? std::unexpected(*problem) : follow();
        memory_.feed_alive_at = 0;
        if (is_stopped_) return;
        report(followed.error());
        const auto now = Clock::now();
        if (started_ < now - calm) pause = shortest_pause;
        if (!wait(-1, now + (problem ? milliseconds(setup_pause) : pause))) return;
        pause = std::min(pause * 2, longest_pause);
    }
}

void Feed::report(const std::string& trouble) {
    // Session is silent where it has just failed to connect.
    if (trouble.empty() || trouble == last_trouble_) return;
    log_error("feed_disconnected", {{"reason", trouble}});
    last_trouble_ = trouble;
}

Feed::Result Feed::follow() {
    Replication replication;
    if (auto opened = replication.open(backend_.services.database.url); !opened) return opened;
    if (auto requested = replication.request_slot(); !requested) return requested;
    if (auto ready = wait_for_slot(replication); !ready) return ready;
    if (auto begun = replication.start(feed_publication); !begun) return begun;
    // The slot comes first: nothing can fall between what is renewed and what is followed.
    follower_ = Follower(resources_, backend_.services.host_id, backend_.services.form);
    follower_.pending() = everything(backend_.services);
    invisible_ = {};
    if (auto settled = settle(); !settled) return settled;
    log_info("feed_connected");
    last_trouble_.clear();
    return stream(replication);
}

Feed::Result Feed::wait_for_slot(Replication& replication) {
    renewed_ = Clock::now();
    for (;;) {
        const auto ready = replication.has_slot();
        if (!ready) return std::unexpected(ready.error());
        if (*ready) return {};
        if (auto waited = wait(replication.socket(), renewed_ + late); !waited) return waited;
        if (Clock::now() < renewed_ + late) continue;
        report("waits for transactions that were open before it came; renews all caches meanwhile");
        if (auto renewed = renew_blindly(); !renewed) return renewed;
    }
}

Feed::Result Feed::stream(Replication& replication) {
    started_ = heard_ = renewed_ = next_tick_ = Clock::now();
    handled_ = 0;
    lag_ = batch_lag_ = {};
    for (;;) {
        const auto start = Clock::now();
        const auto drained = drain(replication, start + batch_time);
        if (!drained) return std::unexpected(drained.error());
        if (auto settled = settle(); !settled) return settled;
        const auto now = Clock::now();
        if (const auto lag = std::exchange(batch_lag_, {}); lag > lag.zero()) {
            longest_lag_ = std::max<Clock::duration>(longest_lag_, lag + (now - start));
        }
        if (auto tended = tend(replication, now); !tended) return tended;
        const auto idle_until = invisible_.is_empty() ? next_tick_ : now + visible_pause;
        auto waited = wait(replication.socket(), *drained ? idle_until : now);
        if (!waited) return waited;
        if (*drained) std::this_thread::sleep_until(now + batch_pause);
    }
}

/// What the clock asks for rather than the log.
Feed::Result Feed::tend(Replication& replication, Clock::time_point now) {
    if (now - heard_ > silence) return std::unexpected("PostgreSQL does not answer");
    if (is_late() && now >= renewed_ + late) {
        if (auto renewed = renew_blindly(); !renewed) return renewed;
    }
    if (now >= next_tick_) {
        using namespace std::chrono;
        memory_.feed_alive_at = unix_now() - duration_cast<milliseconds>(now - heard_).count();
        const auto lag = std::exchange(longest_lag_, {});
        memory_.feed_lag_us = duration_cast<microseconds>(lag).count();
        next_tick_ = now + tick;
        is_reply_wanted_ = true;
    }
    return is_reply_wanted_ ? report_status(replication) : Result{};
}

bool Feed::is_late() const { return lag_ > late || Clock::now() - heard_ > tick + late; }

/// What was written past the workers meanwhile is not known yet. Where PostgreSQL is out of reach
/// nobody can have written anything, and what is cached has to stay.
Feed::Result Feed::renew_blindly() {
    renewed_ = Clock::now();
    if (!renew_epoch(backend_)) return {};
    if (!backend_.services.access_generation.swap()) {
        return std::unexpected(
            fmt::format("cannot renew the verdicts on tokens: {}", std::strerror(errno)));
    }
    backend_.services.metrics.list_renewals.add(backend_.services.collections.size());
    if (backend_.services.generations.swap_all()) return {};
    return std::unexpected(fmt::format("cannot renew the lists: {}", std::strerror(errno)));
}

/// Takes what has arrived; false: there may be more, but what was taken has to be settled first.
std::expected<bool, std::string> Feed::drain(Replication& replication, Clock::time_point until) {
    // Bytes that TLS has unpacked do not make the socket readable, so silence is asked for twice.
    for (int silent = 0; silent < 2; ++silent) {
        if (auto consumed = replication.consume(); !consumed) {
            return std::unexpected(consumed.error());
        }
        for (;;) {
            const auto next = replication.next();
            if (!next) return std::unexpected(next.error());
            const auto& message = next.value();
            if (!message) break;
            silent = -1;
            heard_ = Clock::now();
            if (auto taken = take(*message); !taken) return std::unexpected(taken.error());
            if (heard_ >= until || follower_.pending().keys.size() >= batch_keys) return false;
        }
    }
    return true;
}

Feed::Result Feed::take(std::string_view message) {
    const auto data = copy_data::parse(message);
    if (!data) return std::unexpected(data.error());
    if (const auto* keepalive = std::get_if<copy_data::Keepalive>(&*data)) {
        is_reply_wanted_ = is_reply_wanted_ || keepalive->wants_reply;
        if (follower_.is_in_transaction()) return {};
        handled_ = std::max(handled_, keepalive->end);
        lag_ = {};
        return {};
    }
    const auto& log = std::get<copy_data::LogData>(*data);
    const auto event = pgoutput::parse(log.payload);
    if (!event) return std::unexpected(event.error());
    const bool was_inside = follower_.is_in_transaction();
    follower_.take(*event, backend_.services.trust.epoch());
    handled_ = std::max(handled_, follower_.end());
    // Both times are PostgreSQL's, whose clock may be another one.
    const std::chrono::microseconds lag(log.sent_at - follower_.commit_time());
    if (was_inside || follower_.is_in_transaction()) lag_ = lag;
    if (was_inside && !follower_.is_in_transaction())
        backend_.services.metrics.feed_transactions.add();
    batch_lag_ = std::max(batch_lag_, lag_);
    return {};
}

/// Does what the log asks for so far.
Feed::Result Feed::settle() {
    if (follower_.pending().is_empty() && invisible_.is_empty()) return {};
    return invalidate(backend_, follower_.pending(), invisible_);
}

Feed::Result Feed::report_status(Replication& replication) {
    is_reply_wanted_ = false;
    constexpr bool ask = true;
    return replication.send(copy_data::status_update(handled_, postgresql_now(), ask));
}

/// Until there is something to read, or until the time has come. Fails where the feed shall end.
Feed::Result Feed::wait(int socket, Clock::time_point until) {
    std::array<pollfd, 2> descriptors = {{{stop_, POLLIN, 0}, {socket, POLLIN, 0}}};
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now()).count();
    poll(descriptors.data(), descriptors.size(), static_cast<int>(std::max<long>(0, left)));
    is_stopped_ = descriptors[0].revents != 0;
    if (is_stopped_) return std::unexpected("stopped");
    return {};
}

}  // namespace larder
