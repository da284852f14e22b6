#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "error.hpp"
#include "observe/metrics.hpp"
#include "store/statements.hpp"
#include "store/waits.hpp"

namespace larder {

using Row = std::vector<std::optional<std::string>>;
using Rows = std::vector<Row>;

/// What all sessions of a process share: where PostgreSQL is, and when it was last out of reach.
struct Database {
    Database(std::string where, bool prepared, const Metrics* counted = nullptr,
             std::chrono::milliseconds longest_lock_wait = std::chrono::milliseconds(2000))
        : url(std::move(where)),
          prepared_statements(prepared),
          metrics(counted),
          lock_timeout(longest_lock_wait) {}

    const std::string url;
    const bool prepared_statements;                ///< false for poolers in transaction mode
    const Metrics* const metrics;                  ///< null: nobody counts
    const std::chrono::milliseconds lock_timeout;  ///< LOCK_TIMEOUT_MS; of reads, and the default

    /// Steady-clock nanoseconds before which nobody tries to connect again.
    std::atomic<std::int64_t> retry_at = 0;

    /// Whether PostgreSQL takes connections and answers nothing (DatabaseWatch).
    std::atomic<bool> is_hung = false;
    Waits waits;
};

/// One connection to PostgreSQL, for one thread; connects when first used, and again after it was
/// lost. Failures are values: `unavailable` (out of reach, or the outcome is unknown),
/// `unprocessable` (PostgreSQL cannot hold a value), `conflict` (a unique value is taken),
/// `internal` (anything else). No exception leaves this class. It sets what the meaning of its
/// statements depends on (isolation, search_path, formats, encoding, lock_timeout) by itself,
/// whatever the defaults of server, database and role are: on connecting, and behind a pooler,
/// which gives each transaction another server session, in the text of each transaction.
class Session {
public:
    /// `database` must outlive the session.
    explicit Session(Database& database);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Runs one statement that reads, in a transaction of its own. Tried twice where a connection
    /// turns out to be lost, so it must not write.
    Expected<Rows> read(const Statement& statement);

    /// A query whose result is handed over in order, a bounded number of rows at a time.
    struct Query {
        std::optional<Statement> before = {};  ///< a statement of its own, with an older snapshot
        std::vector<Statement> heads = {};     ///< statements with the snapshot of the rows
        Statement rows = {};
        std::size_t limit = 0;                   ///< of its rows; 0: any number
        std::chrono::milliseconds timeout = {};  ///< of each statement and fetch; 0: none
    };
    /// Up to so many rows are there before `take_head` is called.
    static constexpr std::size_t held_rows = 200;

    /// What is known before the first row is handed over.
    struct Head {
        Rows before = {};              ///< of `before`, if there is one
        std::vector<Rows> heads = {};  ///< of each of `heads`
        const Rows* rows = nullptr;    ///< the first ones; all, where the limit is `held_rows`
                                       ///< or less
    };
    /// Calls `take_head`, and then hands over each row. Ends early, without failure, when `take`
    /// gives false. What the two functions throw is a failure as well, and ends the connection.
    Expected<void> stream(const Query& query, const std::function<void(const Head&)>& take_head,
                          const std::function<bool(const Row&)>& take);

    /// Runs a statement that writes. Tried twice as `read` is, so doing it twice must do no harm.
    Expected<Rows> execute(const std::string& sql);

    /// The application_name of what follows, sent along with each `read` and `change`, for it costs
    /// no round trip then; empty: whatever it is. PostgreSQL cuts it off after 63 bytes.
    void set_application_name(std::string name) { application_name_ = std::move(name); }

private:
    friend class Transaction;
    struct Connection;

    Expected<void> connect();
    Expected<Rows> run(const std::string& before, const Statement& statement);
    Expected<Rows> exchange(const std::string& sql);
    std::vector<Statement> opening_of(const Query& query) const;
    Expected<void> hand_over(const Query& query, const std::function<void(const Head&)>& take_head,
                             const std::function<bool(const Row&)>& take);
    std::string local_settings() const;
    std::string preamble() const;
    Expected<std::vector<Rows>> run_all(const std::vector<Statement>& statements);
    std::string text_of(const Statement& statement);
    const std::string* prepared_name(const std::string& sql);
    std::string naming() const;
    template <class Work>
    auto guarded(Work work) -> Expected<decltype(work())>;

    Database& database_;
    std::unique_ptr<Connection> connection_;
    std::string application_name_;
};

/// How long a write waits for a lock at first. A caller that fails with `is_locked` may queue, and
/// try again with a longer wait.
inline constexpr std::chrono::milliseconds short_lock_wait{50};

/// A transaction that writes. Rolled back unless committed.
class Transaction {
public:
    explicit Transaction(Session& session) : session_(session) {}
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    /// Opens the transaction and makes the change, in one round trip. To be called once. Each lock
    /// that another transaction holds is waited for `lock_wait` (over 0) at most, also in COMMIT;
    /// then it fails with `unavailable` and `is_locked`.
    Expected<Rows> change(const Statement& statement,
                          std::chrono::milliseconds lock_wait = short_lock_wait);

    /// Makes one more change in the transaction that `change` has opened, in a round trip of its
    /// own, and fails as `change` does.
    Expected<Rows> also(const Statement& statement, std::chrono::milliseconds lock_wait);

    /// Makes one more change that may fail alone: where PostgreSQL refuses it, the transaction goes
    /// on without it (a savepoint). Fails as `change` does; where the session is lost, so is the
    /// transaction.
    Expected<Rows> attempt(const Statement& statement, std::chrono::milliseconds lock_wait);

    /// Takes back what the last attempt has done, which has to be the last call.
    Expected<void> undo_attempt();

    /// Whether the transaction can go on.
    bool is_open() const { return is_open_; }

    /// The same as `change` for several changes, with the rows of each; fails as a whole with the
    /// first that fails.
    Expected<std::vector<Rows>> change_all(std::vector<Statement> statements,
                                           std::chrono::milliseconds lock_wait = short_lock_wait);

    /// The same as `also` for several changes, which wait for locks as `change_all` has said.
    Expected<std::vector<Rows>> also_all(const std::vector<Statement>& statements);

    /// Takes locks for which nobody waits, in a round trip of its own. Fails as `change` does.
    Expected<void> lock(const Statement& locks);

    /// Marks the transaction for the feeds (`mark`, see feed/mark.hpp) and commits it. Where
    /// PostgreSQL refuses (a deferred constraint, say), nothing was changed, and it fails as the
    /// change would have; where the session is lost, with `unavailable` and `is_outcome_unknown`.
    Expected<void> commit(const std::string& mark);

private:
    Session& session_;
    bool is_open_ = false;
    bool has_savepoint_ = false;  // of an attempt that was made
};

}  // namespace larder
