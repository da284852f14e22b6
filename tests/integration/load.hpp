#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/http.hpp"

namespace larder::test {

enum class Writes { no, yes };

/// What came of many requests: how many answers there were of each status (0: none at all).
struct Tally {
    std::map<int, long> statuses;
    /// A few of the answers that were not 2xx, for the report of a failed test.
    std::vector<std::string> failures;

    [[nodiscard]] bool only_success() const;
    [[nodiscard]] long total() const;
    [[nodiscard]] std::string summary() const;
};

/// Clients that read records and lists, and write if asked to, until they are stopped. Every write
/// is sent once, over a connection of its own, and is a valid one, so that a server in order
/// answers every request with 2xx.
class Load {
public:
    /// Prepares records through `client`, which must outlive this, and starts `clients` threads.
    Load(const Client& client, std::size_t clients, Writes writes);
    ~Load();
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    /// Lets the clients work for a while.
    void run_for(std::chrono::milliseconds time) const { std::this_thread::sleep_for(time); }
    /// Number of answers until now.
    [[nodiscard]] long count() const { return count_; }
    /// Ends the clients and says what they met.
    Tally stop();

private:
    void serve(std::size_t number);
    [[nodiscard]] Response request(std::size_t number, long round) const;
    void note(Tally& tally, const Response& response) const;

    const Client& client_;
    Writes writes_;
    std::vector<std::string> paths_;
    std::atomic<bool> stopped_ = false;
    std::atomic<long> count_ = 0;
    std::vector<Tally> tallies_;
    std::vector<std::thread> threads_;
};

}  // namespace larder::test
