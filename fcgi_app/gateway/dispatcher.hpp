#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/answer.hpp"
#include "gateway/connection.hpp"
#include "gateway/lines.hpp"
#include "gateway/plan.hpp"
#include "gateway/pool.hpp"
#include "records/backend.hpp"
#include "records/read.hpp"

namespace larder {

/// What becomes of a request after it was read: answered at once, answered from the cache together
/// with all others of the batch (one MGET), or handed to a store thread.
///
/// For the loop thread. Connections that a store thread has answered come back through `returned`,
/// after the descriptor `wake_descriptor` has become readable.
class Dispatcher {
public:
    Dispatcher(Larder& larder, std::span<const Resource> resources, const RequestMetrics& metrics);
    ~Dispatcher();
    Dispatcher(const Dispatcher&) = delete;
    Dispatcher& operator=(const Dispatcher&) = delete;

    /// Takes over a connection that has received a request. It is answered when it is no longer
    /// lent.
    void dispatch(Connection& connection);

    /// Ends the batch: answers what the cache has, hands the rest on. Connections that were
    /// answered here are appended to `answered`.
    void flush(std::vector<Connection*>& answered);

    int wake_descriptor() const { return wake_; }

    /// The connections that store threads have answered since the last call.
    std::vector<Connection*> returned();

private:
    /// A request that waits for the cache: a read of a record, or a write that claims unique
    /// values.
    struct Pending {
        Connection* connection;
        Plan plan;
        std::vector<std::string> keys;
    };

    /// Reads of one record that share a SELECT.
    struct Flight {
        std::string id;
        std::string key;
        std::vector<Pending> readers;
    };
    using Flights = std::unordered_map<const Resource*, std::vector<Flight>>;

    Expected<Plan> plan_of(Connection& connection) const;
    void answer_metrics(Connection& connection);
    void answer_now(Connection& connection, const http::Response& response);
    StorePool::Job lend(Connection& connection, StorePool::Job job);
    void submit(Connection& connection, StorePool::Job job);
    void submit_plan(Connection& connection, Plan plan);
    bool admit(Connection& connection);
    void submit_write(Connection& connection, Plan plan);
    void write_group(Backend& backend, const Resource& resource);
    void submit_list(Connection& connection, Plan plan);
    void read_list(Backend& backend, const std::string& key);
    void submit_unread(Connection& connection);
    void line_up(Flights flights);
    void refuse(Connection& connection);
    void await_cache(Connection& connection, Plan plan);
    void settle(Pending& pending, std::span<std::optional<std::string>> values, Flights& flights);
    void answer_hit(Pending& pending, std::string json);
    Connection::Clock::time_point recent_time();
    void read_group(Backend& backend, const Resource& resource);
    void answer_flights(Backend& backend, const Resource& resource, std::vector<Flight>& flights);
    void give_back(std::span<Connection* const> connections);
    void land(std::vector<std::string> keys);

    Larder& larder_;
    std::span<const Resource> resources_;
    const RequestMetrics& metrics_;
    RecordCache cache_;
    std::vector<Pending> batch_;
    std::vector<Connection*> answered_;
    Connection::Clock::time_point now_{};
    unsigned hits_ = 0;

    // Lines begin at the end of a batch, so that the first group of each has all of it.
    std::vector<StorePool::Job> starts_;

    // Single flight: keys that wait for a SELECT or are in one, with the readers that came
    // meanwhile. They must not share its SELECT, which may be older than a write that was answered
    // before they came; they look into the cache again when it has landed.
    std::unordered_map<std::string, std::vector<Pending>> in_flight_;

    int wake_;
    std::mutex mutex_;  // guards the two below
    std::vector<Connection*> returned_;
    std::vector<std::string> landed_;

    Lines<const Resource*, Flight> reads_;
    Lines<const Resource*, Planned> writes_;
    Lines<std::string, Planned> lists_;
    StorePool pool_;  // last: its threads use the members above
};

}  // namespace larder
