#pragma once

#include <atomic>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "../support/http.hpp"
#include "history.hpp"
#include "testbed.hpp"
#include "tokens.hpp"

namespace larder::coherence {

struct OnceOptions {
    unsigned threads = 4;
    std::uint64_t seed = 1;
    std::size_t most = 0;  ///< POSTs; 0: until stopped
    bool only_posts = false;
};

/// Clients who send each write with an Idempotency-Key until it is answered, whatever happens
/// meanwhile: POSTs, alone and in groups, imports of all rows or none, and of some of the records
/// PUT with If-Match and DELETE. Checks that
///
/// - no write is refused: of these records nobody else knows, so a 404, 409 or 412 was caused by
///   the first attempt of the write itself;
/// - what is sent once more after its answer gets the same answer;
/// - in the end the table has one record for each POST and for each row, as its last write has left
///   it, and no other.
class OnceStory {
public:
    /// The stack must outlive this.
    OnceStory(TestBed& bed, OnceOptions options);
    ~OnceStory();
    OnceStory(const OnceStory&) = delete;
    OnceStory& operator=(const OnceStory&) = delete;

    /// Ends when each write that is under way is answered; the stack must be up by now. Compares
    /// the table then.
    void stop();

    [[nodiscard]] bool is_done() const { return running_ == 0; }
    [[nodiscard]] std::size_t acknowledged() const { return acknowledged_; }

    using Finding = TokenStory::Finding;
    /// So far.
    [[nodiscard]] std::vector<Finding> findings() const;
    void report(std::ostream& out) const;

private:
    struct Write {
        std::string method;
        std::string path;
        std::string body;
        std::vector<std::string> headers = {};
    };

    void work(const std::stop_token& stop, unsigned thread);
    void live(const test::Client& client, std::mt19937_64& random, const std::string& name);
    void import(const test::Client& client, std::mt19937_64& random, const std::string& name);
    test::Response send(const test::Client& client, std::mt19937_64& random, const Write& write);
    void watch(const std::stop_token& stop);
    void compare();
    void complain(std::string what);

    TestBed& bed_;
    const OnceOptions options_;
    std::string database_url_;
    std::atomic<std::size_t> next_ = 0;
    std::atomic<unsigned> running_;
    std::atomic<std::size_t> acknowledged_ = 0;  // POSTs
    std::atomic<std::size_t> imports_ = 0;       // acknowledged
    std::atomic<std::size_t> attempts_ = 0;      // that were not answered
    std::atomic<std::size_t> in_use_ = 0;        // answered with 409
    std::atomic<std::size_t> replays_ = 0;
    bool is_compared_ = false;
    mutable std::mutex mutex_;                     // guards what follows
    std::map<std::string, std::string> expected_;  // by name the note; empty: it is gone
    std::vector<Finding> findings_;
    std::vector<std::jthread> threads_;
};

}  // namespace larder::coherence
