#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "bulk/batch.hpp"
#include "bulk/import_transaction.hpp"
#include "error.hpp"

namespace larder::bulk {

/// The rows of a batch that PostgreSQL refuses, and in which words. For the thread of the
/// transaction; what is given to it outlives it.
class Refusals {
public:
    Refusals(ImportTransaction& transaction, const ImportRequest& request, BatchResult& result)
        : transaction_(transaction), request_(request), result_(result) {}

    /// Fails a row.
    void refuse(const ImportRow& row, std::vector<FieldError> errors);
    void refuse(const ImportRow& row, Error error);

    /// Fails the rows that are sure to be refused as `error` was, for a unique value or a
    /// reference, and gives the others.
    Expected<RowsOfBatch> without_refused(const RowsOfBatch& rows, const Error& error);

    /// Fails a row that was refused alone, and says why. `own_id`: of the record that it was to
    /// change; empty: it was to be a new one.
    Expected<void> explain(ImportRow& row, Error error, std::string_view own_id);

private:
    using Errors = std::map<const ImportRow*, std::vector<FieldError>>;

    Expected<RowsOfBatch> without_taken(const RowsOfBatch& rows, std::string_view own_id);
    Expected<void> find_taken(const RowsOfBatch& rows, const Field* field, std::string_view own_id,
                              Errors& errors);
    Expected<RowsOfBatch> without_unknown_references(const RowsOfBatch& rows);
    RowsOfBatch without(const RowsOfBatch& rows, Errors errors);

    ImportTransaction& transaction_;
    const ImportRequest& request_;
    BatchResult& result_;
};

}  // namespace larder::bulk
