#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bulk/import_request.hpp"
#include "error.hpp"
#include "records/backend.hpp"
#include "records/fenced_commit.hpp"
#include "store/bulk_statements.hpp"
#include "store/session.hpp"

namespace larder::bulk {

/// Rows that are written together, and those before and between them that have failed already.
struct Batch {
    std::vector<ImportRow> rows = {};
    std::vector<FailedRow> failed = {};
};

/// What has become of a batch. With `is_all` and in a trial it says what would become of it.
struct BatchResult {
    ImportCounts counts = {};
    std::vector<FailedRow> failed = {};  ///< by line
};

/// Writes the rows of an import: the writer's half of the cache protocol for many rows at once
/// (records/fenced_commit.hpp). A transaction for each batch; with `is_all` and in a trial one for
/// all of them. What PostgreSQL refuses in a batch is looked for by halves, with savepoints, and
/// fails as that row. For one store thread; `backend` is its own.
class BatchWriter {
public:
    /// The most rows of a batch: of changed ones each is fenced by itself, and a transaction with
    /// more of them would end trust in Redis.
    static std::size_t most_rows(const ImportRequest& request);

    BatchWriter(Backend& backend, const ImportRequest& request);
    ~BatchWriter();
    BatchWriter(const BatchWriter&) = delete;
    BatchWriter& operator=(const BatchWriter&) = delete;

    /// Fails where the import cannot go on; of this batch nothing was committed then, but for an
    /// outcome that is unknown.
    Expected<BatchResult> write(Batch batch);

    /// Ends the one transaction of all: commits it, if no row has failed, and it is no trial.
    /// Gives whether it was committed; true where there was none.
    Expected<bool> finish();

private:
    using Rows = std::vector<ImportRow*>;
    using Errors = std::map<const ImportRow*, std::vector<FieldError>>;
    using Versions = std::map<std::string, Row, std::less<>>;

    Expected<void> prepare();
    Expected<void> open();
    Expected<void> commit();
    Expected<BatchResult> write_parts(Rows rows);
    Expected<void> write_all(Rows rows);
    Expected<void> advance_ids(const Rows& rows);
    Expected<Rows> resolve(const Rows& rows, Rows& unknown);
    Expected<void> add(const Rows& rows, bool may_filter);
    Expected<void> add_shape(const Rows& rows, bool may_filter);
    void note_added(const Rows& rows, const larder::Rows& added);
    Expected<void> refuse_one(ImportRow& row, Error error, std::string_view own_id);
    Expected<Rows> without_taken(const Rows& rows, std::string_view own_id);
    Expected<void> find_taken(const Rows& rows, const Field* field, std::string_view own_id,
                              Errors& errors);
    Expected<Rows> without_unknown_references(const Rows& rows);
    Expected<void> update_or_add(const Rows& rows);
    bool make_new(ImportRow& row);
    Expected<void> change(const Rows& rows, const Versions& versions, Rows& left);
    Expected<void> change_shape(const Rows& rows, const Versions& versions, Rows& left);
    bool are_too_large(const larder::Rows& changed) const;
    void note_changes(const Rows& rows, const Versions& versions, const larder::Rows& changed,
                      Rows& left);
    Expected<larder::Rows> attempt(const Statement& statement);
    Expected<larder::Rows> ask(const Statement& statement);
    void note_changed(const ImportRow& row, const Row& version);
    void refuse(ImportRow& row, std::vector<FieldError> errors);
    Rows without(const Rows& rows, Errors errors);
    std::optional<std::string> key_of(const ImportRow& row) const;
    const std::string& key_column() const;
    const BulkStatements& statements_of(const Resource& resource) const;

    Backend& backend_;
    const ImportRequest& request_;
    const Collection& collection_;
    const std::string fingerprint_;  // of the descriptions, when the import began
    std::map<const Resource*, BulkStatements> statements_;
    std::optional<Transaction> transaction_;
    std::optional<FencedCommit> fence_;
    BatchResult result_;
    Rows raced_;  // of which another transaction has added a record with their key meanwhile
    bool has_failed_ = false;  // a row of any batch
};

}  // namespace larder::bulk
