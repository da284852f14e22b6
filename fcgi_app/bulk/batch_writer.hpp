#pragma once

#include <cstddef>

#include "bulk/batch.hpp"
#include "bulk/import_transaction.hpp"
#include "error.hpp"

namespace larder::bulk {

/// Writes the rows of an import. A transaction for each batch; with `is_all` and in a trial one for
/// all of them. For one store thread; `backend` is its own, and outlives this, as `request` does.
class BatchWriter {
public:
    /// The most rows of a batch: of changed ones each is fenced by itself, and a transaction with
    /// more of them would end trust in Redis.
    static std::size_t most_rows(const ImportRequest& request);

    BatchWriter(Backend& backend, const ImportRequest& request)
        : request_(request), transaction_(backend, request) {}

    /// Fails where the import cannot go on; of this batch nothing was committed then, but for an
    /// outcome that is unknown.
    Expected<BatchResult> write(Batch batch);

    /// Ends the one transaction of all: commits it, if no row has failed, and it is no trial; with
    /// `answer` under the request's idempotency key. Gives whether it was committed; true where
    /// there was none.
    Expected<bool> finish(const http::Response& answer);

private:
    Expected<BatchResult> write_parts(RowsOfBatch rows);
    Expected<void> write_rows(const RowsOfBatch& rows, BatchResult& result);
    Expected<BatchResult> write_halves(const RowsOfBatch& rows);

    const ImportRequest& request_;
    ImportTransaction transaction_;
    bool has_failed_ = false;  // a row of any batch
};

}  // namespace larder::bulk
