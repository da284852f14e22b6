#include "bulk/batch_writer.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "bulk/refusals.hpp"
#include "bulk/row_writer.hpp"
#include "feed/mark.hpp"
#include "mutant.hpp"

namespace larder::bulk {

namespace {

constexpr std::size_t most_new_rows = 5000;
// So often a batch waits for a lock, each time as long as a single write does.
constexpr int lock_attempts = 15;

}  // namespace

std::size_t BatchWriter::most_rows(const ImportRequest& request) {
    return request.on_conflict == OnConflict::update ? Mark::most_rows : most_new_rows;
}

Expected<BatchResult> BatchWriter::write(Batch batch) {
    RowsOfBatch rows;
    for (ImportRow& row : batch.rows) rows.push_back(&row);
    auto result = write_parts(std::move(rows));
    if (!result) return result;
    std::ranges::move(batch.failed, std::back_inserter(result->failed));
    std::ranges::sort(result->failed, {}, &FailedRow::line);
    result->counts.failed = result->failed.size();
    has_failed_ = has_failed_ || !result->failed.empty();
    return result;
}

/// Where PostgreSQL refuses the COMMIT for a row (a deferred constraint), the batch is done again
/// in parts, each in a transaction of its own.
Expected<BatchResult> BatchWriter::write_parts(RowsOfBatch rows) {
    BatchResult result;
    if (rows.empty()) return result;
    if (auto written = write_rows(rows, result); !written) {
        return std::unexpected(std::move(written.error()));
    }
    const bool commits_each = !request_.is_one_transaction() ||
                              (mutant == Mutant::import_all_in_batches && !request_.is_trial);
    if (!commits_each) return result;
    if (result.counts.created + result.counts.changed == 0) {
        transaction_.roll_back();
        return result;
    }
    auto done = transaction_.commit();
    if (done) return result;
    if (!is_of_a_row(done.error())) return std::unexpected(std::move(done.error()));
    if (rows.size() > 1) return write_halves(rows);
    result = {};
    Refusals(transaction_, request_, result).refuse(*rows.front(), std::move(done.error()));
    return result;
}

/// Without COMMIT. After a wait for a lock in vain, or a deadlock, the locks of the whole batch are
/// freed before it is done again, so that the other side gets on.
Expected<void> BatchWriter::write_rows(const RowsOfBatch& rows, BatchResult& result) {
    for (int left = lock_attempts;; --left) {
        result = {};
        // Of a former attempt, when their records were not there yet.
        for (ImportRow* row : rows) row->as_new.reset();
        auto done = transaction_.open();
        if (done) done = RowWriter(transaction_, request_, result).write(rows);
        if (done) return done;
        transaction_.roll_back();
        const bool may_again = done.error().is_locked && !request_.is_one_transaction();
        if (!may_again || left == 0) return done;
    }
}

Expected<BatchResult> BatchWriter::write_halves(const RowsOfBatch& rows) {
    const auto middle = rows.begin() + std::ssize(rows) / 2;
    auto first = write_parts({rows.begin(), middle});
    if (!first) return first;
    auto second = write_parts({middle, rows.end()});
    if (!second) return second;
    first->counts.add(second->counts);
    std::ranges::move(second->failed, std::back_inserter(first->failed));
    return first;
}

Expected<bool> BatchWriter::finish(const http::Response& answer) {
    if (!transaction_.is_open()) return !(request_.is_trial || (request_.is_all && has_failed_));
    if (request_.is_trial || has_failed_) {
        transaction_.roll_back();
        return false;
    }
    Expected<void> done;
    if (request_.once != nullptr) done = transaction_.keep(answer);
    if (done) done = transaction_.commit();
    if (!done) return std::unexpected(std::move(done.error()));
    return true;
}

}  // namespace larder::bulk
