#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "feed/mark.hpp"
#include "feed/pgoutput.hpp"
#include "feed/tables.hpp"

namespace larder {

/// By collection, what lists need a new generation.
using ListsByCollection = std::map<std::string_view, OutdatedLists>;

/// What has to be done to the caches.
struct Invalidation {
    std::vector<std::string> keys = {};  ///< entries of Redis to fence
    ListsByCollection lists = {};
    bool everything = false;  ///< Redis needs a new epoch instead
    bool access = false;      ///< verdicts on tokens are wrong (access/generation.hpp)
    /// Those whose changes may not be visible yet, although they are in the log, by xid: a list
    /// that is read before they are may be kept. What workers have written is not among them,
    /// because they hold the locks of its tags until then.
    std::vector<std::uint32_t> transactions = {};

    bool is_empty() const { return keys.empty() && lists.empty() && !everything && !access; }
};

/// Decides what the transactions in the log, each of which is committed, mean for the caches of
/// this host. Pure; for one thread.
///
/// A worker's transaction changes a few rows and carries a mark.
/// - Of Larder's tokens (larder.tokens): the generation of access is renewed, whoever made it.
/// - Of a worker of this host: nothing is to be done.
/// - Of a worker of another host: the lists are renewed. Where Redis has not acknowledged that
///   worker's fence, the records are fenced too.
/// - Without a mark, or with more rows than the mark says (a trigger's, for example): the change
///   was made past the workers. The records are fenced and the lists are renewed. The same is done
///   for a worker of other descriptions (`form`), which has fenced only what it knows.
/// - An import says before its first row to which collection it adds rows (ImportMark). These are
///   not collected: of this host nothing is to be done, of another one all lists of the collection
///   are renewed, once.
/// The keys are handed on as soon as a transaction has more rows than a worker changes in one, so a
/// large transaction is never collected in memory.
class Follower {
public:
    /// `resources` must outlive this. A transaction that touches more than `key_limit` entries
    /// needs a new epoch instead.
    Follower(std::span<const Resource> resources, std::string host, std::string form,
             std::size_t key_limit = 4096)
        : tables_(resources),
          host_(std::move(host)),
          form_(std::move(form)),
          key_limit_(key_limit) {}

    /// Takes the next event; `trusted` is the epoch that this host trusts now (0: none).
    void take(const pgoutput::Event& event, std::uint64_t trusted);

    /// What was found and not yet done; whoever does it empties it.
    Invalidation& pending() { return pending_; }

    bool is_in_transaction() const { return is_in_transaction_; }
    /// When the transaction that was last begun was committed.
    pgoutput::Timestamp commit_time() const { return commit_time_; }
    /// Where the transaction that was last ended ends in the log.
    pgoutput::Lsn end() const { return end_; }

private:
    void begin(const pgoutput::Begin& begin);
    void commit(const pgoutput::Commit& commit, std::uint64_t trusted);
    void add(Affected affected);
    void release(Affected affected);
    void release_held();
    void release_lists(const Resource& resource, const OutdatedLists& lists);
    void renew(const Resource& resource);
    void note_transaction();
    void take_truncate(const pgoutput::Truncate& truncate);
    void take_message(const pgoutput::Message& message);
    void take_import(const ImportMark& mark);
    void renew_imported();
    bool is_imported(std::uint32_t relation) const;
    void note_tokens(std::uint32_t relation);

    Tables tables_;
    std::optional<std::uint32_t> tokens_;  // the table of tokens, as the log calls it
    std::string host_;
    std::string form_;
    std::size_t key_limit_;
    Invalidation pending_;

    bool is_in_transaction_ = false;
    pgoutput::Timestamp commit_time_ = 0;
    pgoutput::Lsn end_ = 0;

    // Of the transaction at hand.
    std::vector<Affected> held_;  // until a mark or too many rows decide about them
    std::optional<Mark> mark_;
    const Resource* imported_ = nullptr;  // to which an import of these descriptions adds rows
    bool is_foreign_ = false;             // surely written past the workers
    std::size_t key_count_ = 0;
    std::uint32_t transaction_ = 0;
    ListsByCollection released_;  // once is enough for a transaction
};

}  // namespace larder
