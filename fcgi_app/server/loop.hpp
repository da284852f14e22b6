#pragma once

#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "observe/metrics.hpp"
#include "server/connection.hpp"
#include "server/handler.hpp"

namespace larder {

/// What makes a worker finish and end. SIGQUIT as well, which is what multiwatch 1.0.0 sends for
/// `-s TERM`.
inline constexpr std::array stop_signals = {SIGTERM, SIGINT, SIGQUIT};

/// The loop of a worker: one thread that owns all connections, takes every one that is ready (a
/// batch), and never waits for anything but the next event. Knows no resource and no route: it
/// calls a Handler.
class Loop {
public:
    /// `listener` is a listening Unix or TCP socket, shared with other processes. `stop_signals`
    /// must be blocked in all threads; the loop takes them from a descriptor. The rest must outlive
    /// `run`. A body over `body_limit` bytes is not kept.
    Loop(int listener, Handler& handler, const RequestMetrics& requests,
         const Gauge& open_connections, std::size_t body_limit);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// Serves until one of `stop_signals`, then finishes what was accepted, for 10 s at most.
    /// False: something was not finished.
    bool run();

private:
    using Clock = std::chrono::steady_clock;

    void prepare_listener();
    void watch(int fd, void* tag, std::uint32_t events) const;
    void take_events(int timeout_ms);
    void end_batch();
    void accept_connections();
    void pause_accepting(int cause);
    void add_connection(int fd);
    void on_connection(Connection& connection, std::uint32_t events);
    void receive(Connection& connection);
    void write_rest(Connection& connection);
    void release(Connection& connection);
    void close(Connection& connection);
    bool needs_tick() const;
    void tick();
    void start_draining();
    void close_unused();

    Handler& handler_;
    const RequestMetrics& requests_;
    const Gauge& open_connections_;
    const std::size_t body_limit_;
    int listener_;
    bool is_tcp_ = false;
    int epoll_;
    int signals_;
    std::vector<char> buffer_;  // what is read goes through it
    Clock::time_point now_{};   // when the batch began
    Clock::time_point next_tick_{};
    std::size_t in_motion_ = 0;  // connections in the states `reading` and `writing`
    bool is_accepting_ = true;
    Clock::time_point last_accept_trouble_{};
    bool is_draining_ = false;
    Clock::time_point drain_start_{};
    std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
    std::vector<std::unique_ptr<Connection>> closed_;  // until no event can name them any more
    std::vector<Connection*> done_;
};

}  // namespace larder
