#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "bulk/import_request.hpp"
#include "error.hpp"
#include "http/response.hpp"
#include "records/backend.hpp"
#include "records/fenced_commit.hpp"
#include "store/bulk_statements.hpp"
#include "store/session.hpp"

namespace larder::bulk {

/// Whether a row may be at fault, and not the servers.
bool is_of_a_row(const Error& error);

/// The transaction in which rows of an import are written, one after another in the life of this
/// object. It begins with the mark that feeds look for, and ends as the cache protocol asks for
/// (records/fenced_commit.hpp): all lists of the collection are renewed, once. For one store
/// thread; `backend` is its own, and outlives this, as `request` does.
class ImportTransaction {
public:
    ImportTransaction(Backend& backend, const ImportRequest& request);
    ~ImportTransaction();
    ImportTransaction(const ImportTransaction&) = delete;
    ImportTransaction& operator=(const ImportTransaction&) = delete;

    /// Begins one, unless one is open. Fails with `conflict` where the request's idempotency key is
    /// in use.
    Expected<void> open();
    bool is_open() const { return transaction_.has_value(); }

    /// Ends it. Fails as Transaction::commit does, and with `unavailable` where the descriptions
    /// have changed since the import began.
    Expected<void> commit();
    void roll_back();

    // While it is open.

    /// Runs a statement that PostgreSQL may refuse: the transaction goes on without it. Where all
    /// batches share the transaction, a lock of another one is waited for longer than a single
    /// write does, for an import has no client that waits for each row.
    Expected<Rows> attempt(const Statement& statement);
    /// Takes back what the last attempt has done, which has to be the last call.
    Expected<void> undo_attempt();
    /// The same as `attempt` for a question, which PostgreSQL has no reason to refuse.
    Expected<Rows> ask(const Statement& statement);

    /// Keeps the answer to the request under its idempotency key. Fails with `conflict` where one
    /// is kept already.
    Expected<void> keep(const http::Response& answer);

    /// Has the entries fenced that a record had and has.
    void note_change(const RowImage& before, const RowImage& after);

    /// Those of the resource of the import, and of what it refers to.
    const BulkStatements& statements() const { return statements_of(*request_.resource); }
    const BulkStatements& statements_of(const Resource& resource) const;
    /// The resource that a reference leads to.
    const Resource& target_of(const Reference& reference) const;

    const Settings& settings() const { return backend_.services.settings; }

private:
    Expected<void> prepare();
    Expected<void> begin();
    Expected<void> take_key();
    std::chrono::milliseconds lock_wait() const;

    Backend& backend_;
    const ImportRequest& request_;
    const Collection& collection_;
    const std::string fingerprint_;  // of the descriptions, when the import began
    std::map<const Resource*, BulkStatements> statements_;
    std::optional<Transaction> transaction_;
    std::optional<FencedCommit> fence_;
};

}  // namespace larder::bulk
