#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cache/shared_memory.hpp"

namespace larder {

/// Whether Redis may be used, decided for the whole host by one atomic word: the epoch under which
/// its keys are valid, or 0. Every key carries the epoch, so a new epoch empties the cache.
///
/// Rules (ARCHITECTURE.md, "When Redis cannot be trusted"; checked by tests/model/outage.pml):
/// - A reader loads the word once. A writer loads it *after* its change and, if its fence is not
///   acknowledged, stores 0 *before* its COMMIT.
/// - Whoever fails to reach Redis, loses a connection or meets another Redis (run_id, replid)
/// stores 0.
/// - No epoch is ever used twice. On the way to a new one the host is *joining* it: readers leave
///   Redis alone, but writers fence already, because other hosts may fill as soon as it is live.
/// - A host that sees a newer live epoch on an unbroken connection follows it, but not from 0.
///
/// Any thread of any process of the host may call everything here, but for `begin` and `complete`.
class Trust {
public:
    explicit Trust(SharedState& state) : state_(state) {}

    /// The epoch under which a reader may use Redis; 0: not at all.
    std::uint64_t epoch() const;

    /// The epoch under which a writer must fence; 0: there is nothing to fence.
    struct Fencing {
        std::uint64_t epoch = 0;
        bool is_joining = false;
    };
    Fencing fencing() const;

    /// Redis is not to be trusted, from now on and for every process of the host, because of
    /// `cause`. It is logged once for each loss.
    void lose(std::string_view cause);

    /// Redis says that the live epoch is `live`, not `seen`: follows a newer one, which another
    /// host has raised; loses trust on anything else (Redis has forgotten or went back).
    void follow(std::uint64_t seen, std::uint64_t live);

    /// Whether `identity` (RedisConnection::open) is that of the Redis which is trusted, or being
    /// joined. An empty one never is.
    bool knows(std::string_view identity) const;

    /// Joins an epoch that was never used before; gives whether that worked. Only for the holder of
    /// the epoch lock (records/epoch.cpp).
    bool begin(std::uint64_t epoch, std::string_view identity);

    /// Trusts Redis under the epoch that was joined, unless trust was lost meanwhile.
    bool complete(std::uint64_t epoch);

private:
    SharedState& state_;
};

}  // namespace larder
