#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/gate.hpp"
#include "api/locked_writes.hpp"
#include "api/operation.hpp"
#include "api/probe.hpp"
#include "api/routes.hpp"
#include "api/stages.hpp"
#include "records/backend.hpp"
#include "server/group_queue.hpp"
#include "server/handler.hpp"
#include "server/store_threads.hpp"
#include "server/stream_threads.hpp"

namespace larder {

/// Brings each request to its answer by the lane of its operation. Knows lanes and no operation.
///
/// The calls of Handler are for the loop thread. What runs on a store thread is told apart below;
/// it hands connections back through `collect`.
class Scheduler : public Handler {
public:
    /// Both must outlive this.
    Scheduler(Services& services, const Routes& routes);
    ~Scheduler() override;
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;

    void take(Connection& connection) override;
    void end_batch(std::vector<Connection*>& done) override;
    int wake_descriptor() const override { return wake_; }
    void drain() override { streams_.stop(); }
    void collect(std::vector<Connection*>& done) override;
    bool needs_tick() const override { return probe_.has_calls(); }
    void tick(std::chrono::steady_clock::time_point now) override;

private:
    using Milliseconds = std::chrono::milliseconds;

    /// A call that waits for the batch's MGET.
    struct Lookup {
        Call call;
        std::vector<std::string> keys;
    };

    // On the loop.
    void take(Connection& connection, const Gate::Fresh& fresh);
    void take_arrived();
    void start(Connection& connection, Found found);
    void await_access(Connection& connection, Gate::Wait what);
    void serve(Call call, Lane lane);
    void answer(Connection& connection, const http::Response& response);
    void refuse(Connection& connection);
    void look_up();
    void take_values(Lookup& lookup, std::span<std::optional<std::string>> values);
    bool join_flight(Lookup& lookup);
    bool begin_group(Call call);
    void begin_alone(Call call);
    void begin_stream(Call call);
    bool joins_locked(Call& call);
    Connection::Clock::time_point recent_time();

    // On the loop or a store thread.
    Expected<Call> check(Connection& connection, Found found) const;
    void push_group(const Sharing& sharing, Waking waking);

    // On a store thread.
    void check_and_serve(Backend& backend, Connection& connection, Found found);
    void serve_group(Backend& backend, const Sharing& sharing);
    void serve_alone(Backend& backend, Call call, Milliseconds lock_wait);
    std::vector<Call> without_gone(std::vector<Call> calls);
    void hand_back(std::span<const Call> calls, std::vector<std::string> landed = {});

    Services& services_;
    const Routes& routes_;
    RecordCache cache_;
    std::vector<Lookup> lookups_;
    std::vector<Connection*> done_;
    Connection::Clock::time_point now_{};
    unsigned answers_since_clock_ = 0;

    // Groups begin at the end of a batch, so that the first one of each has all of it.
    std::vector<Sharing> starts_;

    // Single flight: entries that are being read from PostgreSQL, with the calls that came
    // meanwhile. These must not share the SELECT, which may be older than a write that was answered
    // before they came; they look into the cache again when it has landed.
    std::unordered_map<std::string, std::vector<Lookup>> in_flight_;
    std::vector<Call> taking_off_;  // of this batch; their entries are not in flight yet

    int wake_;
    std::mutex mutex_;  // guards the two below
    std::vector<Connection*> returned_;
    std::vector<std::string> landed_;

    GroupQueue<Call> groups_;
    LockedWrites locked_;
    std::unique_ptr<Gate> gate_;  // null: with AUTH=off
    std::vector<Gate::Resumed>
        arrived_;  // in this batch; judged at its end, by one look at the link

    // Last: their threads use the members above.
    StreamThreads streams_;
    Probe probe_;
    StoreThreads threads_;
};

}  // namespace larder
