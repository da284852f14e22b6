#include "api/scheduler.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <system_error>
#include <utility>

#include "api/guarded.hpp"
#include "api/request_scope.hpp"
#include "api/stages.hpp"
#include "observe/log.hpp"

namespace larder {

namespace {

using std::chrono::milliseconds;

// The loop checks a body up to this size; a larger one takes a while.
constexpr std::size_t small_body = 65536;
constexpr unsigned answers_per_clock_reading = 8;

// A write alone, and one of a group that met a lock: most locks are gone by then.
constexpr milliseconds first_lock_wait{50};
constexpr milliseconds second_lock_wait{2};

}  // namespace

Scheduler::Scheduler(Services& services, const Routes& routes)
    : services_(services),
      routes_(routes),
      cache_(services.trust, services.metrics, services.settings.redis,
             milliseconds(services.settings.redis_timeout_ms)),
      wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      locked_(services, threads_, [this](std::span<const Call> calls) { hand_back(calls); }),
      probe_(services,
             [this](const std::vector<Call>& calls, Operation::Signs signs) {
                 for (const Call& call : calls) {
                     guarded({&call, 1}, [&] {
                         call.connection->answer(call.operation->answer_probed(services_, signs));
                     });
                 }
                 hand_back(calls);
             }),
      threads_(static_cast<std::size_t>(services.settings.store_threads),
               static_cast<std::size_t>(services.settings.queue_limit), services.metrics,
               [&services](const std::function<void(Backend&)>& work) {
                   Backend backend(services);
                   work(backend);
               }) {
    if (wake_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    if (!services.settings.auth) return;
    gate_ = std::make_unique<Gate>(
        services,
        [this](Gate::Job job) {
            threads_.push([job = std::move(job)](Backend& backend) { job(backend); });
        },
        [this] { eventfd_write(wake_, 1); });
}

Scheduler::~Scheduler() { close(wake_); }

void Scheduler::take(Connection& connection) {
    if (gate_) return arrived_.push_back({&connection, {}});
    take(connection, {});
}

void Scheduler::take_arrived() {
    if (arrived_.empty()) return;
    gate_->look();
    for (const auto& [connection, fresh] : std::exchange(arrived_, {})) {
        if (connection->is_gone()) {
            done_.push_back(connection);
        } else {
            take(*connection, fresh);
        }
    }
}

void Scheduler::take(Connection& connection, const Gate::Fresh& fresh) {
    if (is_debug_logged()) connection.identify();
    const Call unknown{.connection = &connection};
    const bool is_served = guarded({&unknown, 1}, [&] {
        const http::Request& request = connection.request();
        auto found = find_operation(routes_, request, connection.route);
        if (!found) return answer(connection, answer_error(found.error()));
        if (gate_) {
            auto decision = gate_->decide(request, found->call.operation->endpoint(), fresh);
            if (decision.wait != Gate::Wait::none) return await_access(connection, decision.wait);
            connection.set_user(std::move(decision.user));
            connection.set_key_owner(std::move(decision.key_owner));
            if (decision.refusal) {
                const RequestScope scope(request);
                return answer(connection, answer_error(*decision.refusal));
            }
            if (decision.may_be_kept_by_now)
                return answer(connection, http::look_again(request.target));
        }
        start(connection, std::move(*found));
    });
    if (!is_served) done_.push_back(&connection);
}

void Scheduler::start(Connection& connection, Found found) {
    const http::Request& request = connection.request();
    const RequestScope scope(request);
    if (request.body.size() > small_body && !request.is_read()) {
        if (!threads_.admit()) return refuse(connection);
        connection.lend();
        threads_.push([this, &connection, found = std::move(found)](Backend& backend) mutable {
            threads_.release(1);
            check_and_serve(backend, connection, std::move(found));
        });
        return;
    }
    auto call = check(connection, std::move(found));
    if (!call) return answer(connection, answer_error(call.error()));
    const Lane lane = call->operation->lane(*call);
    serve(std::move(*call), lane);
}

void Scheduler::await_access(Connection& connection, Gate::Wait what) {
    if (!threads_.admit()) return refuse(connection);
    connection.lend();
    gate_->wait(connection, what);
}

Expected<Call> Scheduler::check(Connection& connection, Found found) const {
    auto call = check_request(std::move(found), connection.request(),
                              static_cast<std::uint64_t>(services_.settings.body_limit_bytes));
    if (call) call->connection = &connection;
    return call;
}

void Scheduler::serve(Call call, Lane lane) {
    Connection& connection = *call.connection;
    switch (lane) {
        case Lane::now: return answer(connection, call.operation->answer_now(call, services_));
        case Lane::cached: {
            auto keys = call.operation->cache_keys(call);
            lookups_.push_back({std::move(call), std::move(keys)});
            return;
        }
        case Lane::grouped: begin_group(std::move(call)); return;
        case Lane::store: return begin_alone(std::move(call));
        case Lane::probe: connection.lend(); return probe_.add(std::move(call));
        case Lane::stream: return begin_stream(std::move(call));
    }
}

void Scheduler::answer(Connection& connection, const http::Response& response) {
    connection.answer(response, recent_time());
    done_.push_back(&connection);
}

// The clock is read for every few answers of a batch only: one takes microseconds.
Connection::Clock::time_point Scheduler::recent_time() {
    if (answers_since_clock_++ % answers_per_clock_reading == 0) now_ = Connection::Clock::now();
    return now_;
}

void Scheduler::refuse(Connection& connection) {
    services_.metrics.store_refused.add();
    answer(connection, too_many_waiting());
}

void Scheduler::end_batch(std::vector<Connection*>& done) {
    take_arrived();
    look_up();
    for (Call& call : std::exchange(taking_off_, {})) {
        const auto key = call.operation->cache_keys(call).front();
        if (begin_group(std::move(call))) in_flight_.try_emplace(key);
    }
    for (const Sharing& sharing : std::exchange(starts_, {})) push_group(sharing, Waking::another);
    if (gate_) gate_->begin();
    answers_since_clock_ = 0;
    done.insert(done.end(), done_.begin(), done_.end());
    done_.clear();
}

void Scheduler::look_up() {
    std::vector<Lookup> batch = std::exchange(lookups_, {});
    std::erase_if(batch, [this](const Lookup& lookup) {
        if (!lookup.call.connection->is_gone()) return false;
        done_.push_back(lookup.call.connection);
        return true;
    });
    if (batch.empty()) return;
    std::vector<std::string_view> keys;
    for (const Lookup& lookup : batch)
        keys.insert(keys.end(), lookup.keys.begin(), lookup.keys.end());
    auto values = cache_.read(keys);
    values.resize(keys.size());
    std::size_t at = 0;
    for (Lookup& lookup : batch) {
        const std::size_t count = lookup.keys.size();
        const auto own = std::span(values).subspan(at, count);
        at += count;
        const Call subject{.connection = lookup.call.connection};
        if (!guarded({&subject, 1}, [&] { take_values(lookup, own); })) {
            done_.push_back(subject.connection);
        }
    }
}

void Scheduler::take_values(Lookup& lookup, std::span<std::optional<std::string>> values) {
    Connection& connection = *lookup.call.connection;
    const RequestScope scope(connection.request());
    const Operation& operation = *lookup.call.operation;
    const CachedForm& form = services_.of(*operation.endpoint().resource).form;
    for (auto& value : values) value = form.value(std::move(value));
    if (const auto response = operation.answer_cached(lookup.call, values, services_)) {
        return answer(connection, *response);
    }
    const Lane lane = operation.lane_after_cache(lookup.call);
    const bool is_single_flight =
        lane == Lane::grouped && operation.sharing(lookup.call).is_single_flight;
    if (!is_single_flight) return serve(std::move(lookup.call), lane);
    if (!join_flight(lookup)) taking_off_.push_back(std::move(lookup.call));
}

/// False: the entry is not in flight.
bool Scheduler::join_flight(Lookup& lookup) {
    const auto flight = in_flight_.find(lookup.keys.front());
    if (flight == in_flight_.end()) return false;
    Connection& connection = *lookup.call.connection;
    if (threads_.admit()) {
        connection.lend();
        flight->second.push_back(std::move(lookup));
    } else {
        refuse(connection);
    }
    return true;
}

/// False: the call was refused.
bool Scheduler::begin_group(Call call) {
    if (joins_locked(call)) return true;
    if (!threads_.admit()) {
        refuse(*call.connection);
        return false;
    }
    call.connection->lend();
    Sharing sharing = call.operation->sharing(call);
    if (groups_.add(sharing.key, std::move(call))) starts_.push_back(std::move(sharing));
    return true;
}

void Scheduler::begin_alone(Call call) {
    if (joins_locked(call)) return;
    if (!threads_.admit()) return refuse(*call.connection);
    call.connection->lend();
    threads_.push([this, call = std::move(call)](Backend& backend) mutable {
        threads_.release(1);
        serve_alone(backend, std::move(call), first_lock_wait);
    });
}

void Scheduler::begin_stream(Call call) {
    if (!streams_.has_room() || streams_.is_stopping()) return refuse(*call.connection);
    call.connection->lend();
    streams_.begin([this, call = std::move(call)] {
        guarded({&call, 1}, [&] {
            const RequestScope scope(call.request());
            call.operation->answer_stream(services_, call,
                                          [this] { return !streams_.is_stopping(); });
        });
        hand_back({&call, 1});
    });
}

bool Scheduler::joins_locked(Call& call) {
    if (!locked_.has_others(call)) return false;
    call.connection->lend();
    locked_.add(std::move(call));
    return true;
}

void Scheduler::push_group(const Sharing& sharing, Waking waking) {
    threads_.push([this, sharing](Backend& backend) { serve_group(backend, sharing); },
                  sharing.kind, waking);
}

void Scheduler::check_and_serve(Backend& backend, Connection& connection, Found found) {
    Call call{.connection = &connection};
    bool is_served = true;
    guarded({&call, 1}, [&] {
        const RequestScope scope(connection.request());
        auto checked = check(connection, std::move(found));
        if (!checked) return connection.answer(answer_error(checked.error()));
        call = std::move(*checked);
        is_served = call.operation->lane(call) == Lane::now;
        if (is_served) connection.answer(call.operation->answer_now(call, services_));
    });
    if (is_served) return hand_back({&call, 1});
    serve_alone(backend, std::move(call), first_lock_wait);
}

/// Those whose clients have hung up are handed back at once.
std::vector<Call> Scheduler::without_gone(std::vector<Call> calls) {
    std::vector<Call> gone;
    std::erase_if(calls, [&](Call& call) {
        if (!call.connection->is_gone()) return false;
        gone.push_back(std::move(call));
        return true;
    });
    if (!gone.empty()) hand_back(gone);
    return calls;
}

void Scheduler::serve_group(Backend& backend, const Sharing& sharing) {
    auto taken = groups_.take(sharing.key, sharing.largest_group);
    threads_.release(taken.size());
    std::vector<std::string> landed;
    if (sharing.is_single_flight) {
        for (const Call& call : taken) landed.push_back(call.operation->cache_keys(call).front());
    }
    auto calls = without_gone(std::move(taken));
    bool is_answered = true;
    guarded(calls, [&] {
        if (calls.empty()) return;
        const RequestScope scope(calls.front().request(), backend);
        is_answered = calls.front().operation->answer_group(backend, calls);
    });
    if (is_answered) {
        hand_back(calls, std::move(landed));
    } else {
        for (Call& call : calls) {
            threads_.push([this, call = std::move(call)](Backend& own) mutable {
                serve_alone(own, std::move(call), second_lock_wait);
            });
        }
    }
    if (groups_.done(sharing.key)) push_group(sharing, Waking::none);
}

void Scheduler::serve_alone(Backend& backend, Call call, Milliseconds lock_wait) {
    bool is_answered = true;
    guarded({&call, 1}, [&] {
        if (call.connection->is_gone()) return;
        const RequestScope scope(call.request(), backend);
        is_answered = call.operation->answer_alone(backend, call, lock_wait);
    });
    if (is_answered) return hand_back({&call, 1});
    locked_.add(std::move(call));
}

void Scheduler::hand_back(std::span<const Call> calls, std::vector<std::string> landed) {
    {
        const std::lock_guard lock(mutex_);
        for (const Call& call : calls) returned_.push_back(call.connection);
        std::ranges::move(landed, std::back_inserter(landed_));
    }
    eventfd_write(wake_, 1);
}

void Scheduler::collect(std::vector<Connection*>& done) {
    eventfd_t ignored = 0;
    eventfd_read(wake_, &ignored);
    decltype(landed_) landed;
    {
        const std::lock_guard lock(mutex_);
        done.insert(done.end(), returned_.begin(), returned_.end());
        returned_.clear();
        landed.swap(landed_);
    }
    if (gate_) {
        for (const auto& [connection, fresh] : gate_->collect()) {
            threads_.release(1);
            connection->take_back();
            arrived_.push_back({connection, fresh});
        }
    }
    for (const std::string& key : landed) {
        auto flight = in_flight_.extract(key);
        if (flight.empty()) continue;  // two calls of one group had this entry
        threads_.release(flight.mapped().size());
        for (Lookup& lookup : flight.mapped()) {
            lookup.call.connection->take_back();
            lookups_.push_back(std::move(lookup));
        }
    }
}

void Scheduler::tick(std::chrono::steady_clock::time_point now) {
    for (const Call& call : probe_.take_overdue(now)) {
        const Operation::Signs signs{.database = false, .redis = services_.trust.epoch() != 0};
        guarded({&call, 1},
                [&] { call.connection->answer(call.operation->answer_probed(services_, signs)); });
        done_.push_back(call.connection);
    }
}

}  // namespace larder
