#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "error.hpp"
#include "records/backend.hpp"
#include "records/effects.hpp"

namespace larder {

/// The writer's half of the cache protocol (ARCHITECTURE.md, "Never stale"): the entries that a
/// transaction makes wrong, and the lease that it holds on them until it has ended. For one
/// transaction on one collection, which it outlives, and for its store thread.
class FencedCommit {
public:
    /// The collection has to outlive this. To be made before the change: from then on no list of
    /// the collection that this process reads may be cached.
    FencedCommit(Backend& backend, const Collection& collection);
    ~FencedCommit();
    FencedCommit(const FencedCommit&) = delete;
    FencedCommit& operator=(const FencedCommit&) = delete;

    /// The transaction changes a row (see outdated_entries). `json` is the record after the change;
    /// empty: it was removed. A later change of the same row wins.
    void add(const RowImage* before, const RowImage* after, const std::string& json);

    /// Ends a transaction whose change was made, in the order that is the protocol: the fence is
    /// acknowledged (or trust in Redis is lost), then the lists' generation is swapped, and only
    /// then is the change committed and may be seen by anybody. Where the resource is primed, the
    /// new values go into the cache after that, under the lease of the fence. `rows` have been
    /// changed, as the feeds will count them. Fails as Transaction::commit does, and with
    /// `unavailable` where the generation cannot be swapped; nothing is committed then.
    Expected<void> run(Transaction& transaction, std::size_t rows = 1);

private:
    void add_key(std::string key);
    void fence();
    Expected<void> swap();
    void prime();

    Backend& backend_;
    const Collection& collection_;
    std::string token_;
    std::vector<std::string> keys_;
    // By key, the values that the entries have after COMMIT.
    std::unordered_map<std::string, std::string> primed_;
    std::uint64_t epoch_ = 0;
    bool decided_ = true;
};

}  // namespace larder
