#include "gateway/dispatcher.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <limits>
#include <system_error>
#include <utility>

#include "gateway/answer.hpp"
#include "gateway/request_scope.hpp"
#include "gateway/scrape.hpp"
#include "http/conditional.hpp"
#include "observe/log.hpp"
#include "records/group.hpp"
#include "records/write.hpp"

namespace larder {

namespace {

using http::Action;

// A larger answer could fill the socket's buffer and make the loop wait for nginx.
constexpr std::size_t largest_loop_answer = 65536;

// What does not fit into a group waits, so that QUEUE_LIMIT bounds it.
constexpr std::size_t largest_read_group = 128;
constexpr unsigned hits_per_clock_reading = 8;

/// `conflict` if the cache knows that this write cannot be: a value that it claims is taken. Of a
/// write to an existing record only if the record is cached as well, for its absence (404) and a
/// precondition that fails (412) go first.
Expected<void> check_claims(const Plan& plan, std::span<const std::optional<std::string>> values) {
    const Resource& resource = *plan.route.resource;
    if (plan.route.action != Action::create) {
        const auto& json = values.front();
        values = values.subspan(1);
        if (!json || !http::check(plan.preconditions, http::entity_tag(*json))) return {};
    }
    const auto claims = plan.change.claims();
    for (std::size_t i = 0; i < claims.size(); ++i) {
        if (values[i] && *values[i] != plan.route.id) {
            return std::unexpected(taken(resource, *claims[i].field, *claims[i].value));
        }
    }
    return {};
}

}  // namespace

Dispatcher::Dispatcher(Larder& larder, std::span<const Resource> resources,
                       const RequestMetrics& metrics)
    : larder_(larder),
      resources_(resources),
      metrics_(metrics),
      cache_(larder.trust, larder.metrics, larder.settings.redis,
             std::chrono::milliseconds(larder.settings.redis_timeout_ms)),
      wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      reads_(largest_read_group),
      writes_(largest_write_group),
      lists_(std::numeric_limits<std::size_t>::max()),
      pool_(larder) {
    if (wake_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Dispatcher::~Dispatcher() { close(wake_); }

void Dispatcher::dispatch(Connection& connection) {
    if (is_debug_logged()) connection.identify();
    const RequestScope scope(connection.request());
    if (connection.has_unread_body()) return submit_unread(connection);
    auto plan = plan_of(connection);
    if (!plan) return answer_now(connection, answer_error(plan.error()));
    switch (plan->route.action) {
        case Action::welcome:
        case Action::greet:
        case Action::options:
        case Action::page:
            return answer_now(connection,
                              answer_simple(*plan, connection.request(), larder_.settings));
        case Action::metrics: return answer_metrics(connection);
        case Action::read: return await_cache(connection, std::move(*plan));
        case Action::list: return submit_list(connection, std::move(*plan));
        default: break;
    }
    if (!plan->change.claims().empty()) return await_cache(connection, std::move(*plan));
    if (can_be_grouped(plan->route.action, plan->change, plan->preconditions)) {
        return submit_write(connection, std::move(*plan));
    }
    submit_plan(connection, std::move(*plan));
}

Expected<Plan> Dispatcher::plan_of(Connection& connection) const {
    const http::Request& request = connection.request();
    auto plan = make_plan(resources_, request,
                          static_cast<std::uint64_t>(larder_.settings.body_limit_bytes));
    connection.route = metrics_.number_of(
        plan ? plan->route : http::locate(resources_, http::parse_target(request.target)));
    return plan;
}

void Dispatcher::answer_now(Connection& connection, const http::Response& response) {
    connection.answer(response);
    answered_.push_back(&connection);
}

void Dispatcher::answer_metrics(Connection& connection) {
    http::Response response = answer_scrape(larder_);
    if (response.body.size() <= largest_loop_answer) return answer_now(connection, response);
    submit(connection, [response = std::move(response), &connection](Backend&) {
        connection.answer(response);
    });
}

void Dispatcher::refuse(Connection& connection) {
    larder_.metrics.store_refused.add();
    answer_now(connection, http::problem({.kind = ErrorKind::unavailable,
                                          .detail = "Too many requests are waiting."}));
}

void Dispatcher::await_cache(Connection& connection, Plan plan) {
    Pending& pending = batch_.emplace_back(&connection, std::move(plan));
    const Resource& resource = *pending.plan.route.resource;
    if (pending.plan.route.action != Action::create) {
        pending.keys.push_back(record_key(resource, pending.plan.route.id));
    }
    for (const Assignment& claim : pending.plan.change.claims()) {
        pending.keys.push_back(claim_key(resource, *claim.field, *claim.value));
    }
}

void Dispatcher::flush(std::vector<Connection*>& answered) {
    if (!batch_.empty()) {
        std::vector<std::string_view> keys;
        for (const Pending& pending : batch_) {
            keys.insert(keys.end(), pending.keys.begin(), pending.keys.end());
        }
        auto values = cache_.read(keys);
        values.resize(keys.size());
        hits_ = 0;
        Flights flights;
        std::size_t at = 0;
        for (Pending& pending : batch_) {
            const std::size_t count = pending.keys.size();
            settle(pending, std::span(values).subspan(at, count), flights);
            at += count;
        }
        batch_.clear();
        line_up(std::move(flights));
    }
    for (StorePool::Job& start : std::exchange(starts_, {})) pool_.push(std::move(start));
    answered.insert(answered.end(), answered_.begin(), answered_.end());
    answered_.clear();
}

void Dispatcher::settle(Pending& pending, std::span<std::optional<std::string>> values,
                        Flights& flights) {
    Connection& connection = *pending.connection;
    const RequestScope scope(connection.request());
    if (pending.plan.route.action != Action::read) {
        const auto free = check_claims(pending.plan, values);
        if (!free) {
            larder_.metrics.duplicates_refused.add();
            return answer_now(connection, answer_error(free.error()));
        }
        return submit_plan(connection, std::move(pending.plan));
    }
    if (values.front()) return answer_hit(pending, std::move(*values.front()));
    const std::string key = pending.keys.front();
    const auto landing = in_flight_.find(key);
    if (landing != in_flight_.end()) {
        connection.is_lent = true;
        landing->second.push_back(std::move(pending));
        return;
    }
    auto& group = flights[pending.plan.route.resource];
    auto flight = std::ranges::find(group, key, &Flight::key);
    if (flight == group.end()) {
        flight = group.insert(group.end(), {pending.plan.route.id, key, {}});
    }
    flight->readers.push_back(std::move(pending));
}

void Dispatcher::answer_hit(Pending& pending, std::string json) {
    Connection& connection = *pending.connection;
    const Resource& resource = *pending.plan.route.resource;
    metrics_.count_read(resource, CacheState::hit);
    ReadRecord record{.json = std::move(json), .cache = CacheState::hit};
    if (record.json->size() > largest_loop_answer) {
        return submit(connection, [plan = std::move(pending.plan), record = std::move(record),
                                   &connection](Backend&) mutable {
            connection.answer(answer_read(*plan.route.resource, plan.route.id, std::move(record),
                                          connection.request()));
        });
    }
    connection.answer(
        answer_read(resource, pending.plan.route.id, std::move(record), connection.request()),
        recent_time());
    answered_.push_back(&connection);
}

// The clock is read for every few hits of a batch only: a hit takes microseconds.
Connection::Clock::time_point Dispatcher::recent_time() {
    if (hits_++ % hits_per_clock_reading == 0) now_ = Connection::Clock::now();
    return now_;
}

void Dispatcher::line_up(Flights flights) {
    for (auto& [resource, group] : flights) {
        for (Flight& flight : group) {
            if (!pool_.admit(flight.readers.size())) {
                for (const Pending& reader : flight.readers) refuse(*reader.connection);
                continue;
            }
            for (const Pending& reader : flight.readers) reader.connection->lend();
            in_flight_.try_emplace(flight.key);
            if (!reads_.add(resource, std::move(flight))) continue;
            starts_.emplace_back(
                [this, resource](Backend& backend) { read_group(backend, *resource); });
        }
    }
}

// Runs on a store thread.
void Dispatcher::read_group(Backend& backend, const Resource& resource) {
    auto group = reads_.take(&resource);
    std::vector<Connection*> connections;
    std::vector<std::string> keys;
    for (const Flight& flight : group) {
        keys.push_back(flight.key);
        for (const Pending& reader : flight.readers) connections.push_back(reader.connection);
    }
    pool_.release(connections.size());
    answer_flights(backend, resource, group);
    land(std::move(keys));
    give_back(connections);
    if (reads_.done(&resource)) {
        pool_.push_last([this, &resource](Backend& next) { read_group(next, resource); });
    }
}

// Runs on a store thread.
void Dispatcher::answer_flights(Backend& backend, const Resource& resource,
                                std::vector<Flight>& flights) {
    std::vector<std::string> ids;
    const auto is_wanted = [](const Pending& reader) { return !reader.connection->is_gone; };
    std::erase_if(flights,
                  [&](const Flight& one) { return std::ranges::none_of(one.readers, is_wanted); });
    if (flights.empty()) return;
    ids.reserve(flights.size());
    for (const Flight& flight : flights) ids.push_back(flight.id);
    Expected<std::vector<ReadRecord>> records;
    {
        const RequestScope scope(flights.front().readers.front().connection->request(), backend);
        records = read_records(backend, larder_.of(resource), ids);
    }
    for (std::size_t i = 0; i < flights.size(); ++i) {
        for (Pending& reader : flights[i].readers) {
            const http::Request& request = reader.connection->request();
            const RequestScope scope(request);
            if (records) metrics_.count_read(resource, (*records)[i].cache);
            reader.connection->answer(records
                                          ? answer_read(resource, ids[i], (*records)[i], request)
                                          : answer_error(records.error()));
        }
    }
}

void Dispatcher::land(std::vector<std::string> keys) {
    const std::lock_guard lock(mutex_);
    std::ranges::move(keys, std::back_inserter(landed_));
}

std::vector<Connection*> Dispatcher::returned() {
    eventfd_t ignored = 0;
    eventfd_read(wake_, &ignored);
    decltype(landed_) landed;
    std::vector<Connection*> connections;
    {
        const std::lock_guard lock(mutex_);
        connections.swap(returned_);
        landed.swap(landed_);
    }
    for (const std::string& key : landed) {
        auto flight = in_flight_.extract(key);
        for (Pending& reader : flight.mapped()) {
            reader.connection->is_lent = false;
            batch_.push_back(std::move(reader));
        }
    }
    for (Connection* connection : connections) connection->is_lent = false;
    return connections;
}

}  // namespace larder
