#pragma once

#include <vector>

#include "bulk/import_request.hpp"

namespace larder::bulk {

/// Rows that are written together, and those before and between them that have failed already.
struct Batch {
    std::vector<ImportRow> rows = {};
    std::vector<FailedRow> failed = {};
};

/// Rows of a batch that somebody else owns.
using RowsOfBatch = std::vector<ImportRow*>;

/// What has become of a batch. With `is_all` and in a trial it says what would become of it.
struct BatchResult {
    ImportCounts counts = {};
    std::vector<FailedRow> failed = {};  ///< by line
};

}  // namespace larder::bulk
