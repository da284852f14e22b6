#include "store/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <new>
#include <pqxx/pqxx>
#include <unordered_map>

#include "store/connect_timeout.hpp"
#include "store/loggable.hpp"
#include "store/seam.hpp"
#include "store/session_settings.hpp"
#include "store/sqlstate.hpp"
#include "store/statement_text.hpp"

namespace larder {

namespace {

constexpr std::chrono::milliseconds reconnect_pause{100};
constexpr std::size_t prepared_limit = 500;
// A fetch is to have about so many bytes; of the first one nobody knows how large its rows are.
constexpr std::size_t fetch_bytes = 524288;
constexpr std::size_t first_fetch = Session::held_rows;
constexpr std::size_t largest_fetch = 2000;

std::int64_t steady_now() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

constexpr std::string_view begin_write = "BEGIN ISOLATION LEVEL READ COMMITTED";
// The look at the locks and the list that follows need snapshots of their own.
constexpr std::string_view begin_read = "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY";
// Its first statement takes the snapshot of all.
constexpr std::string_view begin_snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

Rows converted(const pqxx::result& result) {
    Rows rows;
    rows.reserve(static_cast<std::size_t>(result.size()));
    for (const auto& raw : result) {
        Row& row = rows.emplace_back();
        for (const auto& field : raw) {
            row.push_back(field.is_null()
                              ? std::nullopt
                              : std::optional(std::string(field.c_str(), field.size())));
        }
    }
    return rows;
}

std::string fetch(std::size_t rows) { return fmt::format("FETCH {} FROM larder_list", rows); }

}  // namespace

struct Session::Connection {
    explicit Connection(Database& database)
        : link((connecting(), with_connect_timeout(database.url))),
          waiting(database.waits, link.sock()),
          counted(database.metrics ? &database.metrics->database_connections : nullptr) {
        execute(session_settings(database.lock_timeout, false));
    }

    pqxx::connection link;
    Waits::Session waiting;  // after `link`, and so gone before its socket is closed
    Counted counted;
    std::unordered_map<std::string, std::string> prepared;  // SQL to the name it was prepared under

    pqxx::result execute(const std::string& sql) {
        const Waits::Wait wait(waiting);
        return at_seam(link, sql, [&] { return pqxx::nontransaction(link).exec(sql); });
    }

    /// All in one round trip; the result of `before`, which may be empty, is left out.
    std::vector<Rows> execute_all(const std::string& before,
                                  const std::vector<std::string>& texts) {
        const Waits::Wait wait(waiting);
        return at_seam(link, texts.front(), [&] { return pipelined(before, texts); });
    }

private:
    std::vector<Rows> pipelined(const std::string& before, const std::vector<std::string>& texts) {
        pqxx::nontransaction work(link);
        pqxx::pipeline pipeline(work);
        pipeline.retain(static_cast<int>(texts.size() + (before.empty() ? 0 : 1)));
        if (!before.empty()) pipeline.insert(before);
        std::vector<pqxx::pipeline::query_id> queries;
        queries.reserve(texts.size());
        for (const std::string& text : texts) queries.push_back(pipeline.insert(text));
        std::vector<Rows> results;
        results.reserve(texts.size());
        for (const auto query : queries) results.push_back(converted(pipeline.retrieve(query)));
        return results;
    }
};

Session::Session(Database& database) : database_(database) {}

Session::~Session() = default;

/// The seam where libpqxx's exceptions end.
template <class Work>
auto Session::guarded(Work work) -> Expected<decltype(work())> {
    try {
        return work();
    } catch (const pqxx::broken_connection& error) {
        connection_.reset();
        if (database_.metrics != nullptr) database_.metrics->database_failures.add();
        return std::unexpected(out_of_reach(loggable({}, error.what())));
    } catch (const pqxx::insufficient_privilege& error) {
        // libpqxx 6 gives it no SQLSTATE.
        return std::unexpected(
            error_of(insufficient_privilege, loggable(insufficient_privilege, error.what())));
    } catch (const pqxx::deadlock_detected& error) {
        // For libpqxx 6 it is no error of SQL.
        return std::unexpected(error_of(deadlock, loggable(deadlock, error.what())));
    } catch (const pqxx::sql_error& error) {
        if (ends_session(error.sqlstate())) connection_.reset();
        return std::unexpected(
            error_of(error.sqlstate(), loggable(error.sqlstate(), error.what())));
    } catch (const pqxx::failure& error) {
        connection_.reset();
        return std::unexpected(out_of_reach(loggable({}, error.what())));
    } catch (const std::bad_alloc&) {
        connection_.reset();
        return fail(ErrorKind::unavailable, "The server has no memory for this now.");
    } catch (const std::exception& error) {
        connection_.reset();
        return fail(ErrorKind::internal, "Something went wrong inside the server.",
                    loggable({}, error.what()));
    }
}

Expected<void> Session::connect() {
    if (connection_) return {};
    if (database_.is_hung || steady_now() < database_.retry_at.load()) {
        return std::unexpected(out_of_reach({}));
    }
    Waits::Session connecting(database_.waits, -1);
    const Waits::Wait wait(connecting);
    auto made = guarded([this] { return std::make_unique<Connection>(database_); });
    if (!made) {
        database_.retry_at = steady_now() + std::chrono::nanoseconds(reconnect_pause).count();
        return std::unexpected(std::move(made.error()));
    }
    connection_ = std::move(*made);
    return {};
}

const std::string* Session::prepared_name(const std::string& sql) {
    auto& prepared = connection_->prepared;
    if (const auto known = prepared.find(sql); known != prepared.end()) return &known->second;
    if (!database_.prepared_statements || prepared.size() == prepared_limit) return nullptr;
    const std::string name = fmt::format("larder_{}", prepared.size());
    connection_->execute(fmt::format("PREPARE {} AS {}", name, sql));
    return &prepared.emplace(sql, name).first->second;
}

std::string Session::text_of(const Statement& statement) {
    const std::string* name = statement.is_repeated ? prepared_name(statement.sql) : nullptr;
    return name == nullptr ? written_out(statement) : execution_of(*name, statement);
}

/// What goes before the statements of a request; empty: nothing.
std::string Session::naming() const {
    if (application_name_.empty()) return {};
    return fmt::format("SET application_name TO {};", literal(application_name_));
}

/// What a transaction starts with behind a pooler, where nothing set before holds; else empty.
std::string Session::local_settings() const {
    if (database_.prepared_statements) return {};
    return session_settings(database_.lock_timeout, true) + ';';
}

/// The same where a statement is a transaction by itself.
std::string Session::preamble() const {
    if (database_.prepared_statements) return {};
    return "SET TRANSACTION ISOLATION LEVEL READ COMMITTED;" + local_settings();
}

Expected<Rows> Session::run(const std::string& before, const Statement& statement) {
    const bool was_connected = connection_ != nullptr;
    if (auto connected = connect(); !connected) {
        return std::unexpected(std::move(connected.error()));
    }
    auto rows = guarded([&] {
        // PREPARE, if there is one to do, must not be inside the transaction that `before` opens.
        const std::string text = text_of(statement);
        return converted(connection_->execute(fmt::format("{}{}{}", naming(), before, text)));
    });
    // Nothing was committed, so a connection that has died since its last use is simply replaced.
    if (!rows && was_connected && connection_ == nullptr) return run(before, statement);
    return rows;
}

Expected<std::vector<Rows>> Session::run_all(const std::vector<Statement>& statements) {
    const bool was_connected = connection_ != nullptr;
    if (auto connected = connect(); !connected) {
        return std::unexpected(std::move(connected.error()));
    }
    auto all = guarded([&] {
        std::vector<std::string> texts;
        texts.reserve(statements.size());
        for (const Statement& statement : statements) texts.push_back(text_of(statement));
        return connection_->execute_all(naming(), texts);
    });
    if (!all && was_connected && connection_ == nullptr) return run_all(statements);
    return all;
}

Expected<Rows> Session::read(const Statement& statement) { return run(preamble(), statement); }

Expected<Rows> Session::execute(const std::string& sql) { return run(preamble(), once(sql)); }

Expected<Rows> Session::exchange(const std::string& sql) {
    if (auto connected = connect(); !connected) {
        return std::unexpected(std::move(connected.error()));
    }
    return guarded([&] { return converted(connection_->execute(sql)); });
}

Expected<void> Session::stream(const Query& query,
                               const std::function<void(const Head&)>& take_head,
                               const std::function<bool(const Row&)>& take) {
    // The guard is for what the callers' functions throw.
    auto guarded_result = guarded([&] { return hand_over(query, take_head, take); });
    Expected<void> done = guarded_result ? std::move(*guarded_result)
                                         : std::unexpected(std::move(guarded_result.error()));
    if (done) return {};
    connection_.reset();  // which may be inside the transaction
    return std::unexpected(error_of_read(std::move(done.error())));
}

/// The transaction of the rows, up to them. Where other statements share their snapshot, it comes
/// after the transaction of `before`, whose snapshot must be older.
std::vector<Statement> Session::opening_of(const Query& query) const {
    std::vector<Statement> statements;
    const auto begin = [&](std::string_view text) {
        statements.push_back(once(std::string(text)));
        if (!database_.prepared_statements) {
            statements.push_back(once(session_settings(database_.lock_timeout, true)));
        }
    };
    begin(begin_read);
    if (query.before) statements.push_back(*query.before);
    if (!query.heads.empty()) {
        statements.push_back(once("COMMIT"));
        begin(begin_snapshot);
    }
    if (query.timeout.count() > 0) {
        statements.push_back(
            once(fmt::format("SET LOCAL statement_timeout TO {}", query.timeout.count())));
    }
    statements.insert(statements.end(), query.heads.begin(), query.heads.end());
    return statements;
}

Expected<void> Session::hand_over(const Query& query,
                                  const std::function<void(const Head&)>& take_head,
                                  const std::function<bool(const Row&)>& take) {
    const bool at_once = query.limit != 0 && query.limit <= held_rows;
    std::size_t wanted = first_fetch;
    std::vector<Statement> statements = opening_of(query);
    const std::size_t opened = statements.size();
    if (at_once) {
        statements.push_back(query.rows);
        statements.push_back(once("COMMIT"));
    } else {
        Statement cursor = query.rows;
        cursor.sql.insert(0, "DECLARE larder_list NO SCROLL CURSOR FOR ");
        cursor.is_repeated = false;
        statements.push_back(std::move(cursor));
        statements.push_back(once(fetch(wanted)));
    }
    auto results = run_all(statements);
    if (!results) return std::unexpected(std::move(results.error()));
    Expected<Rows> rows = std::move((*results)[opened + (at_once ? 0 : 1)]);
    Head head{.rows = &*rows};
    if (query.before) head.before = std::move((*results)[database_.prepared_statements ? 1 : 2]);
    const auto heads = results->begin() + static_cast<std::ptrdiff_t>(opened - query.heads.size());
    std::move(heads, results->begin() + static_cast<std::ptrdiff_t>(opened),
              std::back_inserter(head.heads));
    take_head(head);
    std::size_t bytes = 0;
    const auto take_rows = [&] {
        bytes = 0;
        return std::ranges::all_of(*rows, [&](const Row& row) {
            bytes += row[0]->size();
            return take(row);
        });
    };
    while (rows && take_rows() && !at_once && rows->size() == wanted) {
        wanted = std::clamp(fetch_bytes * wanted / (bytes + 1), std::size_t{1}, largest_fetch);
        rows = exchange(fetch(wanted));
    }
    if (rows && !at_once) rows = exchange("COMMIT");
    if (!rows) return std::unexpected(std::move(rows.error()));
    return {};
}

Transaction::~Transaction() {
    if (!is_open_ || !session_.connection_) return;
    if (!session_.exchange("ROLLBACK")) session_.connection_.reset();
}

Expected<Rows> Transaction::change(const Statement& statement,
                                   std::chrono::milliseconds lock_wait) {
    auto rows = session_.run(
        fmt::format("{}; {}SET LOCAL lock_timeout = {};", begin_write, session_.local_settings(),
                    std::max(lock_wait, std::chrono::milliseconds(1)).count()),
        statement);
    is_open_ = session_.connection_ != nullptr;
    return rows;
}

Expected<Rows> Transaction::also(const Statement& statement, std::chrono::milliseconds lock_wait) {
    auto rows = session_.guarded([&] {
        const std::string text = session_.text_of(statement);
        return converted(session_.connection_->execute(
            fmt::format("SET LOCAL lock_timeout TO {};{}",
                        std::max(lock_wait, std::chrono::milliseconds(1)).count(), text)));
    });
    is_open_ = session_.connection_ != nullptr;
    return rows;
}

// Savepoints that nobody releases would nest, and each of them costs.
Expected<Rows> Transaction::attempt(const Statement& statement,
                                    std::chrono::milliseconds lock_wait) {
    auto rows = session_.guarded([&] {
        const std::string text = session_.text_of(statement);
        return converted(session_.connection_->execute(
            fmt::format("{}SAVEPOINT larder;SET LOCAL lock_timeout TO {};{}",
                        has_savepoint_ ? "RELEASE SAVEPOINT larder;" : "",
                        std::max(lock_wait, std::chrono::milliseconds(1)).count(), text)));
    });
    is_open_ = session_.connection_ != nullptr;
    has_savepoint_ = rows.has_value();
    if (rows || !is_open_) return rows;
    if (auto undone = undo_attempt(); !undone) return std::unexpected(std::move(undone.error()));
    return rows;
}

Expected<void> Transaction::undo_attempt() {
    has_savepoint_ = false;
    auto undone = session_.exchange("ROLLBACK TO SAVEPOINT larder;RELEASE SAVEPOINT larder");
    if (undone) return {};
    session_.connection_.reset();
    is_open_ = false;
    return std::unexpected(out_of_reach(std::move(undone.error().log)));
}

Expected<void> Transaction::lock(const Statement& locks) {
    auto rows = session_.guarded(
        [&] { return session_.connection_->execute(session_.text_of(locks)).size(); });
    is_open_ = session_.connection_ != nullptr;
    if (!rows) return std::unexpected(std::move(rows.error()));
    return {};
}

Expected<std::vector<Rows>> Transaction::change_all(std::vector<Statement> statements,
                                                    std::chrono::milliseconds lock_wait) {
    if (statements.size() == 1) {
        // Its results are those of one exchange: libpqxx's pipeline sends a query of its own first,
        // which costs PostgreSQL a fifth of such a transaction.
        auto rows = change(statements.front(), lock_wait);
        if (!rows) return std::unexpected(std::move(rows.error()));
        return std::vector<Rows>{std::move(*rows)};
    }
    lock_wait = std::max(lock_wait, std::chrono::milliseconds(1));
    std::vector<Statement> opening = {once(std::string(begin_write))};
    opening.push_back(once(session_.database_.prepared_statements
                               ? fmt::format("SET LOCAL lock_timeout = {}", lock_wait.count())
                               : session_settings(lock_wait, true)));
    statements.insert(statements.begin(), opening.begin(), opening.end());
    auto rows = session_.run_all(statements);
    is_open_ = session_.connection_ != nullptr;
    if (rows) rows->erase(rows->begin(), rows->begin() + std::ssize(opening));
    return rows;
}

Expected<std::vector<Rows>> Transaction::also_all(const std::vector<Statement>& statements) {
    auto all = session_.guarded([&] {
        std::vector<std::string> texts;
        texts.reserve(statements.size());
        for (const Statement& statement : statements) texts.push_back(session_.text_of(statement));
        return session_.connection_->execute_all({}, texts);
    });
    is_open_ = session_.connection_ != nullptr;
    return all;
}

Expected<void> Transaction::commit(const std::string& mark) {
    auto marking = session_.guarded([&] {
        return session_.text_of(
            {.sql = "SELECT pg_catalog.pg_logical_emit_message(true, 'larder', $1::text)",
             .values = {mark}});
    });
    if (!marking) return std::unexpected(std::move(marking.error()));
    auto done = session_.exchange(*marking + "; COMMIT");
    if (done) {
        is_open_ = false;
        return {};
    }
    // A session that goes on has said why it refused, and has rolled back.
    if (session_.connection_) return std::unexpected(std::move(done.error()));
    done.error().kind = ErrorKind::unavailable;
    done.error().is_outcome_unknown = true;
    done.error().detail = "The database was lost while this was written; the outcome is unknown.";
    return std::unexpected(std::move(done.error()));
}

}  // namespace larder
