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

namespace larder {

using Row = std::vector<std::optional<std::string>>;
using Rows = std::vector<Row>;

/// What all sessions of a process share: where PostgreSQL is, and when it was last out of reach.
struct Database {
    Database(std::string where, bool prepared, const Metrics* counted = nullptr)
        : url(std::move(where)), prepared_statements(prepared), metrics(counted) {}

    const std::string url;
    const bool prepared_statements;  ///< false for poolers in transaction mode
    const Metrics* const metrics;    ///< null: nobody counts

    /// Steady-clock nanoseconds before which nobody tries to connect again.
    std::atomic<std::int64_t> retry_at = 0;
};

/// One connection to PostgreSQL, for one thread; connects when first used, and again after it was
/// lost. Failures are values: `unavailable` (out of reach, or the outcome is unknown),
/// `unprocessable` (PostgreSQL cannot hold a value), `conflict` (a unique value is taken),
/// `internal` (anything else). Nothing of libpqxx leaves this class.
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
        std::string sql = {};
        std::size_t limit = 0;  ///< of its rows; 0: any number
    };
    /// Hands over the rows of `before`, if there is one, and then the first column of each row.
    /// Ends early, without failure, when `take` gives false.
    Expected<void> stream(const Query& query, const std::function<void(const Rows&)>& take_before,
                          const std::function<bool(std::string_view)>& take);

    /// Runs statements that write, outside of `Transaction`. Never repeated.
    Expected<Rows> execute(const std::string& sql);

    /// The application_name of what follows, sent along with each `read` and `change`, for it costs
    /// no round trip then; empty: whatever it is. PostgreSQL cuts it off after 63 bytes.
    void set_application_name(std::string name) { application_name_ = std::move(name); }

private:
    friend class Transaction;
    struct Connection;

    Expected<void> connect();
    Expected<Rows> run(std::string_view before, const Statement& statement);
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

/// A transaction of one statement that writes. Rolled back unless committed.
class Transaction {
public:
    explicit Transaction(Session& session) : session_(session) {}
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    /// Opens the transaction and makes the change, in one round trip. To be called once. Waits at
    /// most `lock_wait` for what somebody else has locked; the error then `is_locked`.
    Expected<Rows> change(const Statement& statement, std::chrono::milliseconds lock_wait);

    /// The same for several changes, with the rows of each. Waits at most 50 ms for a row that
    /// somebody else has locked; fails as a whole with the first that fails.
    Expected<std::vector<Rows>> change_all(std::vector<Statement> statements);

    /// Marks the transaction for the feeds (`mark`, see feed/mark.hpp) and commits it. On failure
    /// the outcome is unknown.
    Expected<void> commit(const std::string& mark);

private:
    Session& session_;
    bool is_open_ = false;
};

}  // namespace larder
