#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "bulk/batch.hpp"
#include "bulk/import_transaction.hpp"
#include "bulk/refusals.hpp"
#include "error.hpp"

namespace larder::bulk {

/// Adds and changes the records of a batch in a transaction that is open. Rows that PostgreSQL
/// refuses are looked for by halves, with savepoints, and fail as those rows. For the thread of the
/// transaction; what is given to it outlives it.
class RowWriter {
public:
    RowWriter(ImportTransaction& transaction, const ImportRequest& request, BatchResult& result)
        : transaction_(transaction),
          request_(request),
          result_(result),
          refusals_(transaction, request, result) {}

    /// Fails where the import cannot go on.
    Expected<void> write(RowsOfBatch rows);

private:
    /// The records that are there, as BulkStatements::find gives them, by key.
    using Versions = std::map<std::string, Row, std::less<>>;

    Expected<void> advance_ids(const RowsOfBatch& rows);
    Expected<RowsOfBatch> resolve(const RowsOfBatch& rows, RowsOfBatch& unknown);
    void refuse_unresolved(const RowsOfBatch& rows);
    Expected<void> add(const RowsOfBatch& rows);
    Expected<void> add_shape(const RowsOfBatch& rows, bool may_filter);
    void note_added(const RowsOfBatch& rows, const Rows& added);
    Expected<void> update_or_add(const RowsOfBatch& rows);
    bool make_new(ImportRow& row);
    Expected<void> change(const RowsOfBatch& rows, const Versions& versions, RowsOfBatch& left);
    Expected<void> change_shape(const RowsOfBatch& rows, const Versions& versions,
                                RowsOfBatch& left);
    bool are_too_large(const Rows& changed) const;
    void note_changes(const RowsOfBatch& rows, const Versions& versions, const Rows& changed,
                      RowsOfBatch& left);
    void note_changed(const ImportRow& row, const Row& version);
    std::optional<std::string> key_of(const ImportRow& row) const;
    const std::string& key_column() const;

    ImportTransaction& transaction_;
    const ImportRequest& request_;
    BatchResult& result_;
    Refusals refusals_;
    RowsOfBatch raced_;  // of which another transaction has added a record with their key meanwhile
};

}  // namespace larder::bulk
