#include "bulk/import_transaction.hpp"

#include <fmt/format.h>

#include <chrono>
#include <set>
#include <utility>

#include "catalog/catalog.hpp"
#include "feed/mark.hpp"
#include "mutant.hpp"
#include "records/services.hpp"

namespace larder::bulk {

namespace {

// Of a statement, where earlier batches of the transaction cannot be taken back: so often it waits
// for a lock, each time as long as a single write does.
constexpr int lock_attempts = 15;

}  // namespace

bool is_of_a_row(const Error& error) {
    switch (error.kind) {
        case ErrorKind::conflict:
        case ErrorKind::unprocessable:
        case ErrorKind::forbidden:
        case ErrorKind::precondition_failed: return true;
        default: return false;
    }
}

ImportTransaction::ImportTransaction(Backend& backend, const ImportRequest& request)
    : backend_(backend),
      request_(request),
      collection_(backend.services.of(*request.resource)),
      fingerprint_(catalog_fingerprint(backend.services.settings.resources_dir)) {}

ImportTransaction::~ImportTransaction() = default;

/// Once for an import: the types of the columns.
Expected<void> ImportTransaction::prepare() {
    if (!statements_.empty()) return {};
    std::set<const Resource*> needed = {request_.resource};
    for (const Field& field : request_.resource->fields) {
        if (const Reference* reference = field.reference()) {
            needed.insert(&target_of(*reference));
        }
    }
    std::map<const Resource*, BulkStatements> statements;
    for (const Resource* resource : needed) {
        auto rows = backend_.session.read(BulkStatements::types(*resource));
        if (!rows) return std::unexpected(std::move(rows.error()));
        BulkStatements::Types types;
        for (Row& row : *rows) types.emplace(row[0].value_or(""), row[1].value_or(""));
        statements.emplace(std::piecewise_construct, std::forward_as_tuple(resource),
                           std::forward_as_tuple(*resource, std::move(types)));
    }
    statements_ = std::move(statements);
    return {};
}

Expected<void> ImportTransaction::open() {
    if (transaction_) return {};
    if (auto prepared = prepare(); !prepared) return prepared;
    fence_.emplace(backend_, std::vector{&collection_});
    fence_->add_import(collection_);
    transaction_.emplace(backend_.session);
    auto begun = begin();
    if (!begun) roll_back();
    return begun;
}

Expected<void> ImportTransaction::begin() {
    if (request_.once != nullptr) {
        if (auto taken = take_key(); !taken) return taken;
    }
    const ImportMark mark{.host = backend_.services.host_id,
                          .form = backend_.services.form,
                          .collection = request_.resource->name};
    const Statement marking{
        .sql = fmt::format("SELECT pg_catalog.pg_logical_emit_message(true, '{}', $1)",
                           ImportMark::prefix),
        .values = {to_text(mark)},
        .is_repeated = false};
    auto marked = request_.once == nullptr ? transaction_->change(marking, lock_wait())
                                           : transaction_->also(marking, lock_wait());
    if (!marked) return std::unexpected(std::move(marked.error()));
    return {};
}

Expected<void> ImportTransaction::take_key() {
    const auto known = open_with_keys(backend_, *transaction_, {&request_.once, 1}, lock_wait());
    if (!known) return std::unexpected(known.error());
    // One that is kept since this import began is found by the next attempt.
    if (!known->front() || *known->front()) return std::unexpected(key_in_use());
    return {};
}

Expected<void> ImportTransaction::keep(const http::Response& answer) {
    const KeptAnswer kept{.key = request_.once, .answer = &answer};
    return larder::keep(backend_, *transaction_, {&kept, 1}, lock_wait());
}

std::chrono::milliseconds ImportTransaction::lock_wait() const {
    return std::chrono::milliseconds(settings().lock_timeout_ms);
}

// What a worker of former descriptions makes wrong it does not know (records/epoch.hpp).
Expected<void> ImportTransaction::commit() {
    const auto now = catalog_fingerprint(backend_.services.settings.resources_dir);
    Expected<void> done;
    if (now != fingerprint_) {
        done = fail(ErrorKind::unavailable,
                    "The descriptions have changed meanwhile; begin the import anew.");
    } else {
        done = fence_->run(*transaction_);
    }
    roll_back();
    return done;
}

void ImportTransaction::roll_back() {
    transaction_.reset();
    fence_.reset();
}

void ImportTransaction::note_change(const RowImage& before, const RowImage& after) {
    const bool is_fenced = mutant != Mutant::import_changes_unfenced;
    fence_->add_unlocked(collection_, is_fenced ? &before : nullptr, is_fenced ? &after : nullptr);
}

Expected<Rows> ImportTransaction::attempt(const Statement& statement) {
    for (int left = request_.is_one_transaction() ? lock_attempts : 0;; --left) {
        auto rows = transaction_->attempt(statement, lock_wait());
        if (rows || !rows.error().is_locked || left == 0 || !transaction_->is_open()) return rows;
    }
}

Expected<Rows> ImportTransaction::ask(const Statement& statement) {
    auto rows = attempt(statement);
    if (!rows && is_of_a_row(rows.error())) rows.error().kind = ErrorKind::unavailable;
    return rows;
}

Expected<void> ImportTransaction::undo_attempt() { return transaction_->undo_attempt(); }

const BulkStatements& ImportTransaction::statements_of(const Resource& resource) const {
    return statements_.at(&resource);
}

const Resource& ImportTransaction::target_of(const Reference& reference) const {
    return backend_.services.named(reference.to).resource;
}

}  // namespace larder::bulk
