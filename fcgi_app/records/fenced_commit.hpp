#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "error.hpp"
#include "records/backend.hpp"
#include "records/effects.hpp"

namespace larder {

/// A row that was removed, as Statements::remove and remove_all give it.
RowImage removed_image(const Collection& collection, const Row& row);

/// The writer's half of the cache protocol (ARCHITECTURE.md, "Never stale"): the entries that a
/// transaction makes wrong, and the lease that it holds on them until it has ended. For one
/// transaction, which it outlives, and for its store thread.
class FencedCommit {
public:
    /// `collections`: all that the transaction may change, each once; they have to outlive this.
    FencedCommit(Backend& backend, std::vector<const Collection*> collections);
    ~FencedCommit();
    FencedCommit(const FencedCommit&) = delete;
    FencedCommit& operator=(const FencedCommit&) = delete;

    /// The transaction changes a row of one of the collections (see outdated_entries), once for
    /// each statement that does, which has taken the locks of its lists. `json` is the record after
    /// the change; empty: it was removed, or is not to be put into the cache. A later change of the
    /// same row wins.
    void add(const Collection& collection, const RowImage* before, const RowImage* after,
             const std::string& json);

    /// The same for a statement that has taken no locks: `run` does.
    void add_unlocked(const Collection& collection, const RowImage* before, const RowImage* after,
                      const std::string& json = {});

    /// The transaction adds rows to one of the collections, any number of them, by an import that
    /// has said so (ImportMark): no entry is wrong, and all lists of the collection are. `run`
    /// takes their locks.
    void add_import(const Collection& collection);

    /// Ends a transaction whose changes were made, in the order that is the protocol: the fence is
    /// acknowledged (or trust in Redis is lost); then the locks are taken that are still to be
    /// taken, and the generations of the lists of all changed rows are swapped, of their tags
    /// before and after the change; and only then is the change committed and may be seen by
    /// anybody. Where the only collection is primed, the new values go into the cache after that,
    /// under the lease of the fence. Over Mark::most_rows rows are not fenced one by one: trust in
    /// Redis ends then, as if the fence had failed. Fails as Transaction::commit does, and with
    /// `unavailable` where a generation cannot be swapped; nothing is committed then.
    Expected<void> run(Transaction& transaction);

private:
    void fence();
    Expected<void> lock(Transaction& transaction);
    Expected<void> swap();
    Expected<void> swap(const Collection& collection, const OutdatedLists& lists);
    void count_writers(int change);
    void prime();

    Backend& backend_;
    const std::vector<const Collection*> collections_;
    std::map<const Collection*, OutdatedLists> changed_;
    std::map<const Collection*, OutdatedLists> unlocked_;  // of `changed_`
    bool is_counted_ = false;
    bool is_import_ = false;
    std::string token_;
    std::vector<std::string> keys_;
    // By key, the values that the entries have after COMMIT.
    std::unordered_map<std::string, std::string> primed_;
    std::size_t rows_ = 0;  // as the feeds will count them
    std::uint64_t epoch_ = 0;
    bool decided_ = true;
};

}  // namespace larder
