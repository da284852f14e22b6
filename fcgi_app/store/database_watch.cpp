#include "store/database_watch.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <utility>

#include "observe/log.hpp"

namespace larder {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds look_interval{200};
constexpr milliseconds suspicious_wait{1000};
constexpr milliseconds longest_probe{800};
constexpr int silent_when_hung = 2;  // probes in a row

/// Whether the connection is ready before the deadline.
bool is_ready(PGconn* connection, short events, std::chrono::steady_clock::time_point deadline) {
    for (;;) {
        const auto left =
            std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left <= milliseconds(0)) return false;
        pollfd one{.fd = PQsocket(connection), .events = events, .revents = 0};
        const int ready = poll(&one, 1, static_cast<int>(left.count()));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return false;
    }
}

}  // namespace

void DatabaseWatch::Close::operator()(pg_conn* connection) const { PQfinish(connection); }

DatabaseWatch::DatabaseWatch(Database& database) : database_(database) {}

DatabaseWatch::~DatabaseWatch() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
}

void DatabaseWatch::start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void DatabaseWatch::ask(std::move_only_function<void(bool)> tell) {
    {
        const std::lock_guard lock(mutex_);
        asks_.push_back(std::move(tell));
    }
    asked_.notify_one();
}

void DatabaseWatch::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        bool is_asked = false;
        {
            std::unique_lock lock(mutex_);
            is_asked = asked_.wait_for(lock, stop, look_interval, [&] { return !asks_.empty(); });
        }
        if (stop.stop_requested()) break;
        // While it hangs, the last probe says what another one would.
        if (is_asked && database_.is_hung) tell_all(false);
        const bool is_suspicious = database_.waits.longest() > suspicious_wait;
        if (!is_asked && !is_suspicious && !database_.is_hung && silent_probes_ == 0) continue;
        const Sign sign = probe();
        // What came while the probe was under way has this answer, too: it is younger than the ask.
        tell_all(sign == Sign::answers);
        judge(sign, is_suspicious);
    }
    tell_all(false);
}

void DatabaseWatch::tell_all(bool answers) {
    std::vector<std::move_only_function<void(bool)>> asks;
    {
        const std::lock_guard lock(mutex_);
        asks.swap(asks_);
    }
    for (auto& tell : asks) tell(answers);
}

void DatabaseWatch::judge(Sign sign, bool is_suspicious) {
    if (sign != Sign::silent) {
        silent_probes_ = 0;
        if (database_.is_hung.exchange(false)) log_info("database_answers_again");
        return;
    }
    silent_probes_ = std::min(silent_probes_ + 1, silent_when_hung);
    if (silent_probes_ < silent_when_hung || !(is_suspicious || database_.is_hung)) return;
    if (!database_.is_hung.exchange(true)) log_error("database_hangs");
    database_.waits.shut_down();
}

DatabaseWatch::Sign DatabaseWatch::probe() {
    const auto deadline = Clock::now() + longest_probe;
    if (connection_) {
        const Sign sign = select(deadline);
        if (sign == Sign::answers) return sign;
        connection_.reset();
        // A connection that was lost says nothing of the server.
        if (sign == Sign::silent) return sign;
    }
    Sign sign = connect(deadline);
    if (sign == Sign::answers) sign = select(deadline);
    if (sign != Sign::answers) connection_.reset();
    return sign;
}

DatabaseWatch::Sign DatabaseWatch::connect(Clock::time_point deadline) {
    connection_.reset(PQconnectStart(database_.url.c_str()));
    if (!connection_ || PQstatus(connection_.get()) == CONNECTION_BAD) return Sign::refuses;
    auto state = PGRES_POLLING_WRITING;
    while (state != PGRES_POLLING_OK) {
        if (state == PGRES_POLLING_FAILED) return Sign::refuses;
        const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (!is_ready(connection_.get(), events, deadline)) return Sign::silent;
        state = PQconnectPoll(connection_.get());
    }
    return PQsetnonblocking(connection_.get(), 1) == 0 ? Sign::answers : Sign::refuses;
}

DatabaseWatch::Sign DatabaseWatch::select(Clock::time_point deadline) {
    PGconn* const connection = connection_.get();
    if (PQsendQuery(connection, "SELECT 1") != 1) return Sign::refuses;
    for (int left = PQflush(connection); left != 0; left = PQflush(connection)) {
        if (left < 0) return Sign::refuses;
        if (!is_ready(connection, POLLOUT, deadline)) return Sign::silent;
    }
    bool is_answered = false;
    for (;;) {
        while (PQisBusy(connection) == 1) {
            if (!is_ready(connection, POLLIN, deadline)) return Sign::silent;
            if (PQconsumeInput(connection) != 1) return Sign::refuses;
        }
        PGresult* const result = PQgetResult(connection);
        if (result == nullptr) return is_answered ? Sign::answers : Sign::refuses;
        is_answered = PQresultStatus(result) == PGRES_TUPLES_OK;
        PQclear(result);
    }
}

}  // namespace larder
