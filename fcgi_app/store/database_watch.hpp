#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "store/session.hpp"

struct pg_conn;

namespace larder {

/// Tells whether PostgreSQL answers, over a connection of its own that never blocks longer than
/// 0.8 s, on a thread of its own. It also looks at the sessions of `database`: where one has waited
/// for over 1 s and two probes in a row get no answer, PostgreSQL hangs. Then the watch shuts
/// down the connections of all that wait, and `database.is_hung` makes new ones fail at once, until
/// a probe is answered. A slow statement is left alone as long as probes are answered.
class DatabaseWatch {
public:
    /// `database` must outlive the watch.
    explicit DatabaseWatch(Database& database);
    ~DatabaseWatch();
    DatabaseWatch(const DatabaseWatch&) = delete;
    DatabaseWatch& operator=(const DatabaseWatch&) = delete;

    /// Starts the thread, which takes over the signal mask of the caller. To be called once.
    void start();

    /// Asks for a sign of life after this call. `tell` is called once, on the watch's thread, and
    /// must not throw or block; as a rule within 0.8 s, but the resolution of a host's name may
    /// take longer, so the caller needs a deadline of its own. Any thread, after `start`. Asks that
    /// are open when the watch ends are told false.
    void ask(std::move_only_function<void(bool answers)> tell);

private:
    using Clock = std::chrono::steady_clock;
    enum class Sign { answers, refuses, silent };

    void run(const std::stop_token& stop);
    void tell_all(bool answers);
    void judge(Sign sign, bool is_suspicious);
    Sign probe();
    Sign connect(Clock::time_point deadline);
    Sign select(Clock::time_point deadline);

    struct Close {
        void operator()(pg_conn* connection) const;
    };

    Database& database_;
    std::unique_ptr<pg_conn, Close> connection_;  // of the thread alone, as is the next
    int silent_probes_ = 0;
    std::mutex mutex_;  // guards asks_
    std::condition_variable_any asked_;
    std::vector<std::move_only_function<void(bool)>> asks_;
    std::jthread thread_;
};

}  // namespace larder
