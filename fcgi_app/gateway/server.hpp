#pragma once

#include <array>
#include <chrono>
#include <csignal>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "gateway/connection.hpp"
#include "gateway/dispatcher.hpp"
#include "records/backend.hpp"

namespace larder {

/// What makes a worker finish and end. SIGQUIT as well, which is what multiwatch 1.0.0 sends for
/// `-s TERM`.
inline constexpr std::array stop_signals = {SIGTERM, SIGINT, SIGQUIT};

/// The loop of a worker: one thread that owns all connections, takes every one that is ready (a
/// batch), and never waits for PostgreSQL.
class Server {
public:
    /// `listener` is a listening Unix or TCP socket, shared with other processes. `stop_signals`
    /// must be blocked in all threads; the loop takes them from a descriptor.
    Server(int listener, Larder& larder, std::span<const Resource> resources);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Serves until one of `stop_signals`, then finishes what was accepted, for 10 s at most.
    /// False: something was not finished.
    bool run();

private:
    void prepare_listener();
    void watch(int fd, void* tag, std::uint32_t events) const;
    void take_events(int timeout_ms);
    void accept_connections();
    void on_connection(Connection& connection, std::uint32_t events);
    void receive(Connection& connection);
    void released(Connection& connection);
    void retire(Connection& connection);
    void start_draining();
    void close_unused();

    using Clock = std::chrono::steady_clock;

    const RequestMetrics metrics_;
    const Gauge& open_connections_;
    int listener_;
    bool is_tcp_ = false;
    int epoll_;
    int signals_;
    Clock::time_point now_{};  // when the batch began
    bool is_draining_ = false;
    Clock::time_point drain_start_{};
    std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
    std::vector<std::unique_ptr<Connection>> retired_;  // until no event can name them any more
    std::vector<Connection*> answered_;
    Dispatcher dispatcher_;  // last: its threads use the connections
};

}  // namespace larder
