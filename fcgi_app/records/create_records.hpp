#pragma once

#include <optional>
#include <span>
#include <vector>

#include "catalog/change.hpp"
#include "error.hpp"
#include "records/backend.hpp"
#include "records/once.hpp"

namespace larder {

/// What an array has made. Where the same request was done before, `answer` is all there is.
struct CreatedRecords {
    std::vector<WrittenRecord> records;
    std::optional<http::Response> answer = {};  ///< of a request with a key: the one that is kept
};

/// Creates all of `changes`, 1 to most_new_records, in their order and in one transaction, or none:
/// with two round trips to PostgreSQL, whatever their number. The records are fenced, primed and
/// counted as single ones are. Fails as create_record does; with `conflict` where unique values are
/// taken, by others or twice among themselves, and with `unprocessable` where references lead to no
/// record: each of them has its pointer, which begins with the place of its record. Waits at most
/// `lock_wait` for each lock. For store threads.
Expected<CreatedRecords> create_records(Backend& backend, const Collection& collection,
                                        std::span<const Change> changes, LockWait lock_wait,
                                        const Once* once = nullptr);

}  // namespace larder
