#include "bulk/importer.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <new>
#include <utility>

#include "json/value.hpp"
#include "mutant.hpp"

namespace larder::bulk {

namespace {

constexpr std::size_t most_bytes = 1048576;  // of the text of a batch

json::Value number(std::uint64_t count) { return static_cast<std::int64_t>(count); }

void count(const Metrics& metrics, const ImportCounts& counts) {
    metrics.import_created.add(counts.created);
    metrics.import_changed.add(counts.changed);
    metrics.import_skipped.add(counts.skipped);
    metrics.import_failed.add(counts.failed);
}

}  // namespace

std::string ImportResult::json() const {
    json::Value::Array lines;
    for (const LineError& one : errors) {
        lines.emplace_back(json::Value::Object{{"line", number(one.line)},
                                               {"pointer", one.error.pointer},
                                               {"detail", one.error.detail}});
    }
    return json::Value(json::Value::Object{{"created", number(counts.created)},
                                           {"changed", number(counts.changed)},
                                           {"skipped", number(counts.skipped)},
                                           {"failed", number(counts.failed)},
                                           {"errors", std::move(lines)}})
        .text();
}

Importer::Importer(Services& services, ImportRequest request, Report report)
    : services_(services),
      request_(request),
      report_(std::move(report)),
      reader_(request_, {.take = [this](ImportRow row) { return take(std::move(row)); },
                         .fail = [this](FailedRow row) { return fail(std::move(row)); }}),
      writer_([this] { work(); }) {}

Importer::~Importer() {
    {
        const std::lock_guard lock(mutex_);
        is_given_up_ = is_given_up_ || !is_ended_;
        is_ended_ = true;
    }
    changed_.notify_all();
}

bool Importer::read(std::string_view bytes) { return reader_.read(bytes); }

bool Importer::take(ImportRow row) {
    filled_ += row.size;
    filling_.rows.push_back(std::move(row));
    const bool is_full =
        filling_.rows.size() >= BatchWriter::most_rows(request_) || filled_ >= most_bytes;
    return !is_full || hand_over();
}

bool Importer::fail(FailedRow row) {
    constexpr std::size_t most_failed = 1000;
    filled_ += row.original.size();
    filling_.failed.push_back(std::move(row));
    const bool is_full = filling_.failed.size() >= most_failed || filled_ >= most_bytes;
    return !is_full || hand_over();
}

/// Waits until the writer has taken the batch before. False: it takes no more.
bool Importer::hand_over() {
    filled_ = 0;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !waiting_ || error_; });
    if (error_) return false;
    waiting_ = std::exchange(filling_, {});
    lock.unlock();
    changed_.notify_all();
    return true;
}

void Importer::work() {
    try {
        Backend backend(services_);
        BatchWriter writer(backend, request_);
        for (;;) {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return waiting_ || is_ended_; });
            if (is_given_up_) return;
            if (!waiting_) break;
            Batch batch = std::move(*waiting_);
            waiting_.reset();
            lock.unlock();
            changed_.notify_all();
            auto written = writer.write(std::move(batch));
            if (!written) return stop_with(std::move(written.error()));
            note(*written);
        }
        auto committed = writer.finish(http::Response{.body = counted_so_far().json()});
        if (!committed) return stop_with(std::move(committed.error()));
        const std::lock_guard lock(mutex_);
        result_.is_committed = *committed;
    } catch (const std::bad_alloc&) {
        stop_with(
            {.kind = ErrorKind::unavailable, .detail = "The server has no memory for this now."});
    } catch (const std::exception& error) {
        stop_with({.kind = ErrorKind::internal,
                   .detail = "Something went wrong inside the server.",
                   .log = error.what()});
    }
}

ImportResult Importer::counted_so_far() const {
    const std::lock_guard lock(mutex_);
    return result_;
}

void Importer::note(const BatchResult& result) {
    if (report_) {
        for (const FailedRow& row : result.failed) report_(row);
    }
    // Of one transaction for all rows it is not known yet.
    if (!request_.is_all && !request_.is_trial) count(services_.metrics, result.counts);
    const std::lock_guard lock(mutex_);
    result_.counts.add(result.counts);
    for (const FailedRow& row : result.failed) {
        for (const FieldError& error : row.errors) {
            if (result_.errors.size() == ImportResult::most_errors) return;
            result_.errors.push_back({.line = row.line, .error = error});
        }
    }
}

void Importer::stop_with(Error error) {
    {
        const std::lock_guard lock(mutex_);
        if (!error_) error_ = std::move(error);
    }
    changed_.notify_all();
}

void Importer::give_up(Error why) {
    if (mutant == Mutant::import_cut_off_taken) return;
    const std::lock_guard lock(mutex_);
    is_given_up_ = true;
    if (!error_) error_ = std::move(why);
}

Expected<ImportResult> Importer::finish() {
    bool is_given_up = false;
    {
        const std::lock_guard lock(mutex_);
        is_given_up = is_given_up_;
    }
    const bool is_whole = !is_given_up && reader_.end();
    if (is_whole && (!filling_.rows.empty() || !filling_.failed.empty())) hand_over();
    {
        const std::lock_guard lock(mutex_);
        is_given_up_ = is_given_up_ || !is_whole;
        is_ended_ = true;
    }
    changed_.notify_all();
    if (writer_.joinable()) writer_.join();
    if (error_) return std::unexpected(with_what_stays(std::move(*error_)));
    if (reader_.error()) return std::unexpected(*reader_.error());
    if (request_.is_all) {
        // What would have become of the rows has become of none.
        if (result_.counts.failed > 0) result_.counts = {.failed = result_.counts.failed};
        if (!request_.is_trial) count(services_.metrics, result_.counts);
    }
    return std::move(result_);
}

Error Importer::with_what_stays(Error error) const {
    const bool is_one_of_many = request_.is_one_transaction();
    const bool has_written = result_.counts.created + result_.counts.changed > 0;
    if (is_one_of_many && error.is_outcome_unknown) {
        error.detail += " All rows were imported, or none.";
        return error;
    }
    if (is_one_of_many || (!has_written && !error.is_outcome_unknown)) {
        error.detail += " Nothing was imported.";
        return error;
    }
    error.detail += fmt::format(
        " Before that {} rows were created, {} changed and {} skipped, and {} failed. If the rows"
        " have an id or a key, send the same again{}, and what is missing is imported.",
        result_.counts.created, result_.counts.changed, result_.counts.skipped,
        result_.counts.failed,
        request_.on_conflict == OnConflict::fail ? " with on_conflict=skip" : "");
    return error;
}

ImportCounts Importer::counts() const {
    const std::lock_guard lock(mutex_);
    return result_.counts;
}

}  // namespace larder::bulk
