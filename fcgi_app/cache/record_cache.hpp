#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cache/redis.hpp"
#include "cache/trust.hpp"
#include "observe/metrics.hpp"

namespace larder {

/// The record cache: one thread's view of the entries that all hosts share in Redis. An entry is
/// named by a key such as `employees:1`; the epoch is added here. It is the truth's copy under the
/// protocol of cache/scripts.hpp: it may miss at any time, and never answers anything stale.
///
/// No call throws or fails: what cannot be done is a miss, and trust is lost for the whole host
/// (cache/trust.hpp), so that nobody waits for the same time-out again. One object per thread.
class RecordCache {
public:
    RecordCache(Trust& trust, const Metrics& metrics, RedisAddress address,
                std::chrono::milliseconds timeout);

    /// Reads the values of all keys in one command; empty where Redis is not in use.
    std::vector<std::optional<std::string>> read(std::span<const std::string_view> keys);

    /// What a reader got for some keys: of each the value, or else perhaps a lease, whose token is
    /// the same for all (no lease: somebody else holds it). `of` is empty where Redis is not in
    /// use.
    struct Lease {
        std::optional<std::string> value;
        bool is_held = false;
    };
    struct Leases {
        std::string token;
        std::vector<Lease> of;
    };
    Leases lease(std::uint64_t epoch, std::span<const std::string> keys,
                 std::string token = random_token());

    /// Deletes the entries and takes every lease on them away; `token` becomes the lease (empty:
    /// none). Loads the epoch itself, so call it after the change and before COMMIT. Gives the
    /// epoch in which Redis has acknowledged it for every entry; 0: it has not, and trust is lost.
    /// Redis serves others between commands of 500 entries.
    std::uint64_t fence(std::span<const std::string> keys, const std::string& token);

    /// Values to store under the leases of one token; no value: the lease is just given back.
    struct Fills {
        std::string token;
        std::chrono::milliseconds lifetime{};  ///< 0: no expiry
        std::vector<std::string> keys = {};
        std::vector<std::string> values = {};  ///< of each key; empty: none

        void add(std::string key, std::string value);
    };
    /// A value that is too large for one command (over 2 MiB, or 8 MiB with those before it)
    /// stays out of Redis: its lease is given back, and each of its reads goes to PostgreSQL. Not
    /// waited for: whoever asks later, over whatever connection, comes after it.
    void fill(std::uint64_t epoch, const Fills& fills);

    /// Whether Redis is trusted and answers.
    bool ping();

    /// For the prober: connects although Redis is not trusted; gives what it is
    /// known by (RedisConnection::open).
    std::optional<std::string> connect();

    /// For the prober: raises the live epoch to `epoch`; gives what it is now, which is more where
    /// another host was ahead. Nothing: out of reach.
    std::optional<std::uint64_t> raise(std::uint64_t epoch);

    /// For the caretaker: removes the entries of other epochs, which nobody asks for again.
    void remove_other_epochs(std::uint64_t epoch);

    const std::string& error() const { return redis_.error(); }

private:
    enum Script { get_script, fence_script, fill_script, raise_script, script_count };

    std::uint64_t fence_at_once(std::span<const std::string> keys, const std::string& token);
    bool ready();
    bool is_usable(std::uint64_t epoch);
    bool load_scripts();
    RedisCommand call(Script script, std::uint64_t epoch, std::span<const std::string> keys,
                      std::initializer_list<std::string> arguments) const;
    std::optional<std::vector<RedisReply>> run(std::span<const RedisCommand> commands);
    std::optional<RedisReply> run_script(const RedisCommand& command);
    void lose();
    void count_fills(const Fills& fills) const;

    Trust& trust_;
    const Metrics& metrics_;
    RedisConnection redis_;
    std::string run_id_;  // what the Redis is known by that it is connected to
    std::array<std::string, script_count> hashes_;
};

}  // namespace larder
