#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "error.hpp"
#include "records/backend.hpp"

namespace larder {

/// The writer's half of the cache protocol (ARCHITECTURE.md, "Never stale"): the entries that a
/// transaction makes wrong, and the lease that it holds on them until it has ended. For one
/// transaction on one collection, which it outlives, and for its store thread.
class Publication {
public:
    /// The collection has to outlive the publication.
    Publication(Backend& backend, const Collection& collection);
    ~Publication();
    Publication(const Publication&) = delete;
    Publication& operator=(const Publication&) = delete;

    void add(std::string key);

    /// Ends a transaction whose change was made, in the order that is the protocol: the fence is
    /// acknowledged (or trust in Redis is lost), then the lists' generation is swapped, and only
    /// then is the change committed and may be seen by anybody. `rows` have been changed, as the
    /// feeds will count them. Fails as Transaction::commit does, and with `unavailable` where the
    /// generation cannot be swapped; nothing is committed then.
    Expected<void> commit(Transaction& transaction, std::size_t rows = 1);

    /// Values by key.
    using Entries = std::unordered_map<std::string, std::string>;

    /// After COMMIT: puts the new values into the cache under the lease of the fence, and gives the
    /// lease back where there is none. Does nothing for a resource that is not primed.
    void prime(const Entries& values);

private:
    void fence();
    Expected<void> swap();

    Backend& backend_;
    const Collection& collection_;
    std::string token_;
    std::vector<std::string> keys_;
    std::uint64_t epoch_ = 0;
    bool decided_ = true;
};

}  // namespace larder
