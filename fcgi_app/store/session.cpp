#include "store/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <iterator>
#include <new>
#include <pqxx/pqxx>
#include <unordered_map>

#include "store/connect_timeout.hpp"
#include "store/loggable.hpp"
#include "store/seam.hpp"
#include "store/session_settings.hpp"

namespace larder {

namespace {

constexpr std::chrono::milliseconds reconnect_pause{100};
constexpr std::size_t prepared_limit = 500;
// A fetch is to have about so many bytes; of the first one nobody knows how large its rows are.
constexpr std::size_t fetch_bytes = 524288;
constexpr std::size_t first_fetch = 200;
constexpr std::size_t largest_fetch = 2000;

std::int64_t steady_now() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

Error out_of_reach(std::string log) {
    return {.kind = ErrorKind::unavailable,
            .detail = "The database is out of reach.",
            .log = std::move(log)};
}

/// The one table from SQLSTATE (PostgreSQL, appendix A) to a kind of error.
Error translated(const std::string& state, std::string log) {
    const auto error = [&](ErrorKind kind, std::string detail) {
        return Error{.kind = kind, .detail = std::move(detail), .log = std::move(log)};
    };
    const std::string_view category = std::string_view(state).substr(0, 2);
    if (state == "23505" || state == "23P01") {
        return error(ErrorKind::conflict, "A unique value is already taken.");
    }
    if (state == "23503" || state == "23001") {
        Error broken =
            error(ErrorKind::unprocessable, "The body refers to a record that does not exist.");
        broken.breaks_reference = true;
        return broken;
    }
    // A deadlock, of which PostgreSQL has chosen one side, may be over the next time.
    if (state == "55P03" || state == "40P01") return locked_by_another(std::move(log));
    if (category == "22" || category == "23" || state == "54000") {
        return error(ErrorKind::unprocessable, "The database cannot hold a value of this body.");
    }
    // RAISE in a trigger: a rule of the operator's own.
    if (state == "P0001") {
        return error(ErrorKind::unprocessable, "The database refuses this change.");
    }
    if (category == "08" || category == "25" || category == "53" || category == "57" ||
        category == "40" || category == "55" || state.empty()) {
        return error(ErrorKind::unavailable, "The database could not do this now.");
    }
    return error(ErrorKind::internal, "Something went wrong inside the server.");
}

/// Whether the session is of no more use: PostgreSQL ends it (57P01 to 57P05, but not 57014, which
/// cancels one statement), has forgotten what was prepared or cannot use it after a change of a
/// table (0A000), is not the server that takes writes, or has a transaction open that has failed.
bool ends_session(const std::string& state) {
    const std::string_view category = std::string_view(state).substr(0, 2);
    return state.empty() || category == "08" || category == "25" || state.starts_with("57P") ||
           state == "26000" || state == "0A000";
}

/// A literal that means the same whatever standard_conforming_strings says.
std::string literal(std::string_view value) {
    const bool escapes = value.contains('\\');
    std::string text(escapes ? " E'" : "'");
    text.reserve(value.size() + 8);
    for (const char c : value) {
        if (c == '\'' || c == '\\') text += c;
        text += c;
    }
    return text += '\'';
}

/// Where the next parameter begins, or npos. A name in quotes may have a `$` too.
std::size_t find_parameter(std::string_view sql) {
    char quote = '\0';
    for (std::size_t at = 0; at < sql.size(); ++at) {
        const char c = sql[at];
        if (quote != '\0') {
            if (c == quote) quote = '\0';
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '$') {
            return at;
        }
    }
    return sql.npos;
}

constexpr std::string_view begin_write = "BEGIN ISOLATION LEVEL READ COMMITTED";
// The look at the locks and the list that follows need snapshots of their own.
constexpr std::string_view begin_read = "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY";

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
    } catch (const pqxx::sql_error& error) {
        if (ends_session(error.sqlstate())) connection_.reset();
        return std::unexpected(
            translated(error.sqlstate(), loggable(error.sqlstate(), error.what())));
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
    std::vector<std::string> literals;
    literals.reserve(statement.values.size());
    for (const auto& value : statement.values) {
        literals.push_back(value ? literal(*value) : "NULL");
    }
    if (const std::string* name = statement.is_repeated ? prepared_name(statement.sql) : nullptr) {
        return literals.empty() ? fmt::format("EXECUTE {}", *name)
                                : fmt::format("EXECUTE {}({})", *name, fmt::join(literals, ","));
    }
    // SQL of a description has no parameters, and may hold a $ of its own.
    if (literals.empty()) return statement.sql;
    std::string text;
    std::string_view rest = statement.sql;
    for (auto dollar = find_parameter(rest); dollar != rest.npos; dollar = find_parameter(rest)) {
        text += rest.substr(0, dollar);
        std::size_t number = 0;
        const auto [end, error] =
            std::from_chars(rest.data() + dollar + 1, rest.data() + rest.size(), number);
        if (error == std::errc{} && number >= 1 && number <= literals.size()) {
            text += literals[number - 1];
        } else {
            text += rest.substr(dollar, static_cast<std::size_t>(end - rest.data()) - dollar);
        }
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    }
    return text.append(rest);
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
                               const std::function<void(const Rows&)>& take_before,
                               const std::function<bool(std::string_view)>& take) {
    // The guard is for what the callers' functions throw.
    auto guarded_result = guarded([&] { return hand_over(query, take_before, take); });
    Expected<void> done = guarded_result ? std::move(*guarded_result)
                                         : std::unexpected(std::move(guarded_result.error()));
    if (!done) connection_.reset();  // which may be inside the transaction
    return done;
}

Expected<void> Session::hand_over(const Query& query,
                                  const std::function<void(const Rows&)>& take_before,
                                  const std::function<bool(std::string_view)>& take) {
    const bool at_once = query.limit != 0 && query.limit <= first_fetch;
    std::size_t wanted = first_fetch;
    std::vector<Statement> statements;
    statements.push_back(once(std::string(begin_read)));
    if (!database_.prepared_statements) {
        statements.push_back(once(session_settings(database_.lock_timeout, true)));
    }
    const std::size_t opened = statements.size();
    if (query.before) statements.push_back(*query.before);
    if (at_once) {
        statements.push_back(once(query.sql));
        statements.push_back(once("COMMIT"));
    } else {
        statements.push_back(
            once(fmt::format("DECLARE larder_list NO SCROLL CURSOR FOR {}", query.sql)));
        statements.push_back(once(fetch(wanted)));
    }
    auto results = run_all(statements);
    if (!results) return std::unexpected(std::move(results.error()));
    if (query.before) take_before((*results)[opened]);
    Expected<Rows> rows =
        std::move((*results)[opened + (query.before ? 1 : 0) + (at_once ? 0 : 1)]);
    std::size_t bytes = 0;
    const auto take_rows = [&] {
        bytes = 0;
        return std::ranges::all_of(*rows, [&](const Row& row) {
            bytes += row[0]->size();
            return take(*row[0]);
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

Expected<void> Transaction::lock(const Statement& locks) {
    auto rows = session_.guarded(
        [&] { return session_.connection_->execute(session_.text_of(locks)).size(); });
    is_open_ = session_.connection_ != nullptr;
    if (!rows) return std::unexpected(std::move(rows.error()));
    return {};
}

Expected<std::vector<Rows>> Transaction::change_all(std::vector<Statement> statements) {
    std::vector<Statement> opening = {once(std::string(begin_write))};
    opening.push_back(once(session_.database_.prepared_statements
                               ? fmt::format("SET LOCAL lock_timeout = {}", short_lock_wait.count())
                               : session_settings(short_lock_wait, true)));
    statements.insert(statements.begin(), opening.begin(), opening.end());
    auto rows = session_.run_all(statements);
    is_open_ = session_.connection_ != nullptr;
    if (rows) rows->erase(rows->begin(), rows->begin() + std::ssize(opening));
    return rows;
}

Expected<void> Transaction::commit(const std::string& mark) {
    auto done = session_.exchange(fmt::format(
        "SELECT pg_catalog.pg_logical_emit_message(true, 'larder', '{}'); COMMIT", mark));
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
