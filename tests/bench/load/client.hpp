#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "answer.hpp"
#include "histogram.hpp"
#include "schedule.hpp"

namespace larder::bench {

struct Options {
    std::uint16_t port = 0;
    unsigned connections = 1;  // of this client
    double rate = 0;           // requests per second; 0: each connection asks again once answered
    bool once = false;         // ends when every request was asked once
    bool impatient = false;    // at a fixed rate, what is due while all connections wait is skipped
};

struct Tally {
    Histogram latency;                      // of answers in time but refusals, in microseconds
    Histogram refusals;                     // the same of refusals (Answer::is_refusal)
    std::uint64_t late_refusals = 0;        // refusals after the end
    std::map<int, std::uint64_t> statuses;  // of all answers
    std::uint64_t broken = 0;               // requests that got no answer, or one that is no HTTP
    std::uint64_t skipped = 0;              // requests that were due but not made (impatient)
    Clock::time_point last;                 // when the last answer in `latency` came
};

/// Asks a server on this host over kept connections, and measures. Owns the connections. For one
/// thread; several may run side by side.
class Client {
public:
    /// Connects. `requests` are asked in their order, again and again, and must outlive the client.
    /// Throws std::system_error if the server cannot be reached.
    Client(const Options& options, std::span<const std::string_view> requests);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// Starts no request after `end` and counts no answer after it as in time, but waits for all
    /// answers. At a fixed rate every request that is due before `end` is made, and its answer is
    /// in time whenever it comes: leaving out late ones would flatter the server. An impatient
    /// client bounds what is outstanding by its connections, as it must where the rate is more than
    /// the server can ever answer.
    Tally run(Clock::time_point start, Clock::time_point end);

private:
    struct Connection {
        int fd = -1;
        bool is_waiting = false;
        Clock::time_point since;  // what the latency of its request is counted from
        Answer answer;
    };

    bool open(Connection& connection) const;
    void close(Connection& connection) const;
    void loop(Clock::time_point end);
    bool may_start(Clock::time_point now, Clock::time_point end) const;
    bool is_due(Clock::time_point now, Clock::time_point end) const;
    void start_due(Clock::time_point now, Clock::time_point end);
    void skip_due(Clock::time_point now, Clock::time_point end);
    void send(Connection& connection, Clock::time_point since);
    void receive(Connection& connection, Clock::time_point end);
    void finish(Connection& connection, Clock::time_point end);
    void give_up(Connection& connection);
    void release(Connection& connection, bool is_open);

    Options options_;
    std::span<const std::string_view> requests_;
    std::uint64_t asked_ = 0;
    std::size_t waiting_ = 0;
    std::vector<Connection> connections_;
    std::deque<Connection*> free_;  // the one that has rested longest is next
    std::optional<Schedule> schedule_;
    std::vector<char> buffer_;
    Tally tally_;
    int epoll_;
};

}  // namespace larder::bench
