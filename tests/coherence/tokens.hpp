#pragma once

#include <atomic>
#include <iosfwd>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "../support/http.hpp"
#include "../support/jwt_maker.hpp"
#include "history.hpp"
#include "testbed.hpp"

namespace larder::coherence {

/// Tokens that are made and revoked, keys of JWTs that come and go, and clients who use them all
/// the time, also after that. Checks that
///
/// - no request is granted that began when PostgreSQL had shown the revocation, or the command had
///   returned, and none that began when the command had returned that took a key away;
/// - no request is refused (401, 403) whose token was valid all the time, whatever the outage.
class TokenStory {
public:
    /// The stack must outlive this. Throws std::runtime_error if there is nothing to read.
    TokenStory(TestBed& bed, std::uint64_t seed);
    ~TokenStory();
    TokenStory(const TokenStory&) = delete;
    TokenStory& operator=(const TokenStory&) = delete;

    /// Ends all threads, the command under way too.
    void stop();

    struct Finding {
        std::string what;
        Time at;
    };
    /// So far.
    [[nodiscard]] std::vector<Finding> findings() const;
    void report(std::ostream& out) const;

private:
    /// A token, and what is known of it.
    struct Watched {
        std::string name;
        std::string token;
        std::string jwk = {};                    ///< of a JWT
        std::atomic<Time> changes_from = never;  ///< the command began
        std::atomic<Time> refused_from = never;  ///< a request that begins later is refused
        std::atomic<Time> last_granted = 0;      ///< when the latest granted request began
        [[nodiscard]] bool is_jwt() const { return !jwk.empty(); }
    };
    using Pool = std::vector<std::shared_ptr<Watched>>;

    void change(const std::stop_token& stop, std::uint64_t seed);
    void revoke(const std::stop_token& stop, Watched& watched, std::mt19937_64& random);
    void watch_database(const std::stop_token& stop);
    void read(const std::stop_token& stop, std::uint64_t seed);
    std::shared_ptr<Watched> make(const std::stop_token& stop, std::mt19937_64& random);
    bool use_keys(const std::stop_token& stop);
    test::Finished command(std::vector<std::string> arguments) const;
    [[nodiscard]] Pool pool() const;
    void complain(std::string what);
    void judge(const Watched& watched);

    TestBed& bed_;
    test::Client client_;
    std::string database_url_;
    std::string run_dir_;
    std::vector<std::string> paths_;
    mutable std::mutex mutex_;  // guards what follows
    Pool pool_;                 // in use
    Pool revoked_;              // the last ones, which are used too
    std::vector<Finding> findings_;
    std::set<std::string> keys_;

    std::atomic<unsigned> revocations_ = 0;
    std::atomic<unsigned> rotations_ = 0;
    std::atomic<unsigned> killed_ = 0;
    std::atomic<std::size_t> granted_ = 0;
    std::atomic<std::size_t> refused_ = 0;
    std::vector<std::jthread> threads_;
};

}  // namespace larder::coherence
