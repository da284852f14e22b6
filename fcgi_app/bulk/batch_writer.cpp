#include "bulk/batch_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <utility>

#include "catalog/catalog.hpp"
#include "feed/mark.hpp"
#include "json/document.hpp"
#include "number.hpp"
#include "records/write.hpp"

namespace larder::bulk {

namespace {

constexpr std::size_t most_new_rows = 5000;
// A lock is waited for so often, each time as long as a single write waits.
constexpr int lock_attempts = 15;
// Rounds of changes that find all their records changed meanwhile.
constexpr int idle_rounds = 20;

/// Whether a row may be at fault, and not the servers.
bool is_of_a_row(const Error& error) {
    switch (error.kind) {
        case ErrorKind::conflict:
        case ErrorKind::unprocessable:
        case ErrorKind::forbidden:
        case ErrorKind::precondition_failed: return true;
        default: return false;
    }
}

const std::optional<std::string>* value_of(const ImportRow& row, const Field* field) {
    const auto& assignments = row.current().assignments;
    const auto found = std::ranges::find(assignments, field, &Assignment::field);
    return found == assignments.end() ? nullptr : &found->value;
}

BulkRow view(const ImportRow& row) { return {.id = &row.id, .change = &row.current()}; }

/// By shape, in the order of the rows.
template <class Take>
Expected<void> for_each_shape(const BulkStatements& statements, std::vector<ImportRow*> rows,
                              bool is_new, Take take) {
    std::map<std::string, std::vector<ImportRow*>> shapes;
    for (ImportRow* row : rows) shapes[statements.shape(view(*row), is_new)].push_back(row);
    for (const auto& [shape, of_shape] : shapes) {
        if (auto taken = take(of_shape); !taken) return taken;
    }
    return {};
}

std::vector<FieldError> errors_of(Error error) {
    if (error.fields.empty()) return {{"", std::move(error.detail)}};
    return std::move(error.fields);
}

}  // namespace

std::size_t BatchWriter::most_rows(const ImportRequest& request) {
    return request.on_conflict == OnConflict::update ? Mark::most_rows : most_new_rows;
}

BatchWriter::BatchWriter(Backend& backend, const ImportRequest& request)
    : backend_(backend),
      request_(request),
      collection_(backend.services.of(*request.resource)),
      fingerprint_(catalog_fingerprint(backend.services.settings.resources_dir)) {}

BatchWriter::~BatchWriter() = default;

/// Once for an import: the types of the columns.
Expected<void> BatchWriter::prepare() {
    if (!statements_.empty()) return {};
    std::set<const Resource*> needed = {request_.resource};
    for (const Field& field : request_.resource->fields) {
        if (const Reference* reference = field.reference()) {
            needed.insert(&backend_.services.named(reference->to).resource);
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

/// Begins a transaction with the mark that feeds look for, unless one is open.
Expected<void> BatchWriter::open() {
    if (transaction_) return {};
    fence_.emplace(backend_, std::vector{&collection_});
    fence_->add_import(collection_);
    transaction_.emplace(backend_.session);
    const ImportMark mark{.host = backend_.services.host_id,
                          .form = backend_.services.form,
                          .collection = request_.resource->name};
    auto begun = transaction_->change(
        {.sql = fmt::format("SELECT pg_catalog.pg_logical_emit_message(true, '{}', $1)",
                            ImportMark::prefix),
         .values = {to_text(mark)},
         .is_repeated = false},
        std::chrono::milliseconds(backend_.services.settings.lock_timeout_ms));
    if (begun) return {};
    transaction_.reset();
    fence_.reset();
    return std::unexpected(std::move(begun.error()));
}

// What a worker of former descriptions makes wrong it does not know (records/epoch.hpp).
Expected<void> BatchWriter::commit() {
    const auto now = catalog_fingerprint(backend_.services.settings.resources_dir);
    Expected<void> done;
    if (now != fingerprint_) {
        done = fail(ErrorKind::unavailable,
                    "The descriptions have changed meanwhile; begin the import anew.");
    } else {
        done = fence_->run(*transaction_);
    }
    transaction_.reset();
    fence_.reset();
    return done;
}

Expected<BatchResult> BatchWriter::write(Batch batch) {
    Rows rows;
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
Expected<BatchResult> BatchWriter::write_parts(Rows rows) {
    if (rows.empty()) return BatchResult{};
    result_ = {};
    if (auto prepared = prepare(); !prepared) return std::unexpected(std::move(prepared.error()));
    auto done = open();
    if (done) done = write_all(rows);
    const bool is_one_of_many = request_.is_all || request_.is_trial;
    if (done && is_one_of_many) return std::move(result_);
    if (done) {
        const bool has_written = result_.counts.created + result_.counts.changed > 0;
        if (has_written) {
            done = commit();
        } else {
            transaction_.reset();
            fence_.reset();
        }
        if (done) return std::move(result_);
        if (is_of_a_row(done.error()) && rows.size() > 1) {
            const auto middle = rows.begin() + std::ssize(rows) / 2;
            auto first = write_parts({rows.begin(), middle});
            if (!first) return first;
            auto second = write_parts({middle, rows.end()});
            if (!second) return second;
            first->counts.add(second->counts);
            std::ranges::move(second->failed, std::back_inserter(first->failed));
            return first;
        }
        if (is_of_a_row(done.error())) {
            result_ = {};
            refuse(*rows.front(), errors_of(std::move(done.error())));
            return std::move(result_);
        }
    }
    transaction_.reset();
    fence_.reset();
    return std::unexpected(std::move(done.error()));
}

Expected<bool> BatchWriter::finish() {
    if (!transaction_) return !(request_.is_trial || (request_.is_all && has_failed_));
    if (request_.is_trial || has_failed_) {
        transaction_.reset();
        fence_.reset();
        return false;
    }
    if (auto done = commit(); !done) return std::unexpected(std::move(done.error()));
    return true;
}

/// A row may refer by a value to one before it, in the same batch: so those that can be written
/// are, and the others are looked at again.
Expected<void> BatchWriter::write_all(Rows rows) {
    if (auto advanced = advance_ids(rows); !advanced) return advanced;
    while (!rows.empty()) {
        Rows unknown;
        auto known = resolve(rows, unknown);
        if (!known) return std::unexpected(std::move(known.error()));
        const bool is_update = request_.on_conflict == OnConflict::update;
        auto written = is_update ? update_or_add(*known) : add(*known, true);
        if (!written) return written;
        if (known->empty()) {
            for (ImportRow* row : unknown) {
                std::vector<FieldError> errors;
                for (const ReferenceByValue& one : row->references) {
                    errors.push_back(
                        {json::pointer("", one.field->name + "." + one.by->name),
                         fmt::format("leads to no {}", one.field->reference()->title)});
                }
                refuse(*row, std::move(errors));
            }
            return {};
        }
        rows = std::move(unknown);
    }
    return {};
}

Expected<void> BatchWriter::advance_ids(const Rows& rows) {
    if (request_.resource->id != IdType::integer || request_.is_trial) return {};
    std::vector<std::string> ids;
    for (const ImportRow* row : rows) {
        if (row->id) ids.push_back(*row->id);
    }
    if (ids.empty()) return {};
    auto done = ask(statements_of(*request_.resource).advance_ids(ids));
    if (!done) return std::unexpected(std::move(done.error()));
    return {};
}

/// Puts ids in the place of the values by which references are given. Gives the rows of which all
/// are known; `unknown` gets the others.
Expected<BatchWriter::Rows> BatchWriter::resolve(const Rows& rows, Rows& unknown) {
    std::map<std::pair<const Field*, const Field*>, std::set<std::string>> wanted;
    for (const ImportRow* row : rows) {
        for (const auto& one : row->references) wanted[{one.field, one.by}].insert(one.value);
    }
    if (wanted.empty()) return rows;
    std::map<std::pair<const Field*, const Field*>, std::map<std::string, std::string>> found;
    for (const auto& [how, values] : wanted) {
        const Resource& target = backend_.services.named(how.first->reference()->to).resource;
        auto ids = ask(statements_of(target).find_ids(how.second->column_name(),
                                                      {values.begin(), values.end()}));
        if (!ids) return std::unexpected(std::move(ids.error()));
        for (Row& row : *ids) found[how].emplace(row[0].value_or(""), row[1].value_or(""));
    }
    Rows known;
    for (ImportRow* row : rows) {
        std::erase_if(row->references, [&](const ReferenceByValue& one) {
            const auto& ids = found[{one.field, one.by}];
            const auto id = ids.find(one.value);
            if (id == ids.end()) return false;
            row->change.assignments.push_back({one.field, id->second});
            return true;
        });
        std::ranges::sort(row->change.assignments, std::less<>(), &Assignment::field);
        (row->references.empty() ? known : unknown).push_back(row);
    }
    return known;
}

/// `may_filter`: those that are sure to be refused are looked for first, all at once.
Expected<void> BatchWriter::add(const Rows& rows, bool may_filter) {
    return for_each_shape(statements_of(*request_.resource), rows, true,
                          [&](const Rows& of_shape) { return add_shape(of_shape, may_filter); });
}

Expected<void> BatchWriter::add_shape(const Rows& rows, bool may_filter) {
    if (rows.empty()) return {};
    std::vector<BulkRow> views;
    views.reserve(rows.size());
    for (const ImportRow* row : rows) views.push_back(view(*row));
    const bool leaves_out = request_.on_conflict != OnConflict::fail;
    auto added = attempt(
        statements_of(*request_.resource).insert(views, leaves_out ? &key_column() : nullptr));
    if (added) {
        note_added(rows, *added);
        return {};
    }
    if (!is_of_a_row(added.error())) return std::unexpected(std::move(added.error()));
    if (rows.size() == 1) return refuse_one(*rows.front(), std::move(added.error()), {});
    if (may_filter) {
        auto left = added.error().breaks_reference ? without_unknown_references(rows)
                                                   : without_taken(rows, {});
        if (!left) return std::unexpected(std::move(left.error()));
        const bool may_again = left->size() < rows.size();
        return add_shape(*left, may_again);
    }
    const auto middle = rows.begin() + std::ssize(rows) / 2;
    if (auto first = add_shape({rows.begin(), middle}, false); !first) return first;
    return add_shape({middle, rows.end()}, false);
}

/// `added`: the keys, where rows whose key is taken are left out.
void BatchWriter::note_added(const Rows& rows, const larder::Rows& added) {
    if (request_.on_conflict == OnConflict::fail) {
        result_.counts.created += rows.size();
        return;
    }
    result_.counts.created += added.size();
    if (request_.on_conflict == OnConflict::skip) {
        result_.counts.skipped += rows.size() - added.size();
        return;
    }
    std::set<std::string> keys;
    for (const Row& row : added) keys.insert(row[0].value_or(""));
    for (ImportRow* row : rows) {
        const auto key = key_of(*row);
        if (!key || keys.contains(*key)) continue;
        row->as_new.reset();
        raced_.push_back(row);
    }
}

/// Says in which words a row was refused. `own_id`: of the record that it was to change.
Expected<void> BatchWriter::refuse_one(ImportRow& row, Error error, std::string_view own_id) {
    const Rows one = {&row};
    const std::size_t failed = result_.failed.size();
    auto left =
        error.breaks_reference ? without_unknown_references(one) : without_taken(one, own_id);
    if (!left) return std::unexpected(std::move(left.error()));
    if (result_.failed.size() == failed) refuse(row, errors_of(std::move(error)));
    return {};
}

/// Fails the rows of which another record, or a row before them, has a unique value or the id.
/// One that has the key of a row is no failure where such rows are left out.
Expected<BatchWriter::Rows> BatchWriter::without_taken(const Rows& rows, std::string_view own_id) {
    Errors errors;
    const bool leaves_out = request_.on_conflict != OnConflict::fail;
    std::vector<const Field*> fields = {nullptr};
    for (const Field& field : request_.resource->fields) {
        if (field.unique) fields.push_back(&field);
    }
    for (const Field* field : fields) {
        if (leaves_out && field == request_.key) continue;
        if (field == nullptr && !own_id.empty()) continue;
        auto done = find_taken(rows, field, own_id, errors);
        if (!done) return std::unexpected(std::move(done.error()));
    }
    return without(rows, std::move(errors));
}

/// `field`: null for the id.
Expected<void> BatchWriter::find_taken(const Rows& rows, const Field* field,
                                       std::string_view own_id, Errors& errors) {
    const Resource& resource = *request_.resource;
    const auto value = [&](const ImportRow& row) {
        if (field == nullptr) return row.id;
        const auto* sent = value_of(row, field);
        return sent == nullptr ? std::nullopt : *sent;
    };
    std::vector<std::string> values;
    for (const ImportRow* row : rows) {
        if (auto one = value(*row)) values.push_back(std::move(*one));
    }
    if (values.empty()) return {};
    auto taken = ask(statements_of(resource).find_ids(
        field == nullptr ? resource.id_column : field->column_name(), values));
    if (!taken) return std::unexpected(std::move(taken.error()));
    std::set<std::string> known;
    for (const Row& row : *taken) {
        if (row[1] != own_id) known.insert(row[0].value_or(""));
    }
    const std::string name = field == nullptr ? "id" : field->name;
    for (const ImportRow* row : rows) {
        const auto one = value(*row);
        if (!one || known.insert(*one).second) continue;
        errors[row].push_back(
            {json::pointer("", name),
             fmt::format("{} with {} '{}' already exists", resource.title, name, *one)});
    }
    return {};
}

/// Refuses those that have errors.
BatchWriter::Rows BatchWriter::without(const Rows& rows, Errors errors) {
    Rows left;
    for (ImportRow* row : rows) {
        if (const auto found = errors.find(row); found != errors.end()) {
            refuse(*row, std::move(found->second));
        } else {
            left.push_back(row);
        }
    }
    return left;
}

/// Fails the rows that refer to what is not there.
Expected<BatchWriter::Rows> BatchWriter::without_unknown_references(const Rows& rows) {
    Errors errors;
    for (const Field& field : request_.resource->fields) {
        const Reference* reference = field.reference();
        if (reference == nullptr) continue;
        std::set<std::string> ids;
        for (const ImportRow* row : rows) {
            const auto* sent = value_of(*row, &field);
            if (sent != nullptr && *sent) ids.insert(**sent);
        }
        if (ids.empty()) continue;
        const Resource& target = backend_.services.named(reference->to).resource;
        auto there =
            ask(statements_of(target).find_ids(target.id_column, {ids.begin(), ids.end()}));
        if (!there) return std::unexpected(std::move(there.error()));
        for (const Row& row : *there) ids.erase(row[0].value_or(""));
        // Rows of the same statement may be what is referred to.
        if (&target == request_.resource) {
            for (const ImportRow* row : rows) {
                if (row->id && rows.size() > 1) ids.erase(*row->id);
            }
        }
        for (const ImportRow* row : rows) {
            const auto* sent = value_of(*row, &field);
            if (sent == nullptr || !*sent || !ids.contains(**sent)) continue;
            errors[row].push_back({json::pointer("", field.name),
                                   fmt::format("is the id of no {}", reference->title)});
        }
    }
    return without(rows, std::move(errors));
}

/// Round by round: looks for the records, changes those that are there and adds the others. What
/// another transaction has changed or added meanwhile, and a row whose key an earlier one has, is
/// for the next round.
Expected<void> BatchWriter::update_or_add(const Rows& rows) {
    Rows left = rows;
    for (int idle = 0; !left.empty();) {
        const std::size_t before = left.size();
        std::set<std::string> keys;
        Rows now;
        Rows later;
        for (ImportRow* row : left) {
            const auto key = key_of(*row);
            (!key || keys.insert(*key).second ? now : later).push_back(row);
        }
        auto found =
            ask(statements_of(*request_.resource).find(key_column(), {keys.begin(), keys.end()}));
        if (!found) return std::unexpected(std::move(found.error()));
        Versions versions;
        for (Row& row : *found) versions.emplace(row[0].value_or(""), row);
        Rows known;
        Rows fresh;
        for (ImportRow* row : now) {
            const auto key = key_of(*row);
            const bool is_known = key && versions.contains(*key);
            if (is_known || make_new(*row)) (is_known ? known : fresh).push_back(row);
        }
        if (auto added = add(fresh, true); !added) return added;
        if (auto changed = change(known, versions, later); !changed) return changed;
        std::ranges::move(std::exchange(raced_, {}), std::back_inserter(later));
        idle = later.size() < before ? 0 : idle + 1;
        if (idle == idle_rounds) {
            return fail(ErrorKind::unavailable,
                        "The records are being changed by too many at once.");
        }
        left = std::move(later);
        std::ranges::sort(left, {}, &ImportRow::line);
    }
    return {};
}

/// Makes the change of a record that is not there fit for a new one; false: it is refused.
bool BatchWriter::make_new(ImportRow& row) {
    Change change = row.change;
    if (!request_.resource->is_document()) {
        auto complete = complete_new(*request_.resource, change, {});
        if (!complete) {
            refuse(row, errors_of(std::move(complete.error())));
            return false;
        }
    }
    row.as_new = std::move(change);
    return true;
}

Expected<void> BatchWriter::change(const Rows& rows, const Versions& versions, Rows& left) {
    Rows with_values;
    for (ImportRow* row : rows) {
        if (row->change.is_empty && row->change.assignments.empty()) {  // nothing to change
            ++result_.counts.skipped;
        } else {
            with_values.push_back(row);
        }
    }
    return for_each_shape(
        statements_of(*request_.resource), with_values, false,
        [&](const Rows& of_shape) { return change_shape(of_shape, versions, left); });
}

Expected<void> BatchWriter::change_shape(const Rows& rows, const Versions& versions, Rows& left) {
    std::vector<BulkRow> views;
    std::vector<BulkVersion> of;
    for (const ImportRow* row : rows) {
        const Row& version = versions.find(*key_of(*row))->second;
        views.push_back(view(*row));
        of.push_back({.id = &*version[1], .xmin = &*version[2]});
    }
    auto changed = attempt(statements_of(*request_.resource).update(views, of));
    std::optional<Error> refused;
    if (!changed) refused = std::move(changed.error());
    if (changed && are_too_large(*changed)) {
        if (auto undone = transaction_->undo_attempt(); !undone) return undone;
        refused = Error{.kind = ErrorKind::unprocessable,
                        .fields = {{"", "would make the record too large"}}};
    }
    if (!refused) {
        note_changes(rows, versions, *changed, left);
        return {};
    }
    if (!is_of_a_row(*refused)) return std::unexpected(std::move(*refused));
    if (rows.size() == 1) return refuse_one(*rows.front(), std::move(*refused), *of.front().id);
    const auto middle = rows.begin() + std::ssize(rows) / 2;
    if (auto first = change_shape({rows.begin(), middle}, versions, left); !first) return first;
    return change_shape({middle, rows.end()}, versions, left);
}

/// Bodies that are merged can make a document larger than one body could.
bool BatchWriter::are_too_large(const larder::Rows& changed) const {
    const auto most =
        largest_record(static_cast<std::size_t>(backend_.services.settings.body_limit_bytes));
    return std::ranges::any_of(changed, [&](const Row& row) {
        return to_number<std::size_t>(row[1].value_or("")).value_or(0) > most;
    });
}

/// `changed`: the numbers of those that were. Others are for the next round.
void BatchWriter::note_changes(const Rows& rows, const Versions& versions,
                               const larder::Rows& changed, Rows& left) {
    std::set<std::size_t> done;
    for (const Row& row : changed) {
        done.insert(to_number<std::size_t>(row[0].value_or("")).value_or(0));
    }
    for (std::size_t at = 0; at < rows.size(); ++at) {
        if (done.contains(at + 1)) {
            note_changed(*rows[at], versions.find(*key_of(*rows[at]))->second);
        } else {
            left.push_back(rows[at]);
        }
    }
}

/// The entries of the record, and of the unique values that it had and has.
void BatchWriter::note_changed(const ImportRow& row, const Row& version) {
    ++result_.counts.changed;
    const RowImage before{.id = *version[1], .unique_values = {version.begin() + 3, version.end()}};
    RowImage after = before;
    std::size_t at = 0;
    for (const Field& field : request_.resource->fields) {
        if (!field.unique) continue;
        if (const auto* sent = value_of(row, &field)) after.unique_values[at] = *sent;
        ++at;
    }
    fence_->add_unlocked(collection_, &before, &after);
}

/// In the transaction, which goes on where it is refused. A lock of another transaction is waited
/// for, for an import has no client that waits for each row.
Expected<larder::Rows> BatchWriter::attempt(const Statement& statement) {
    const std::chrono::milliseconds wait(backend_.services.settings.lock_timeout_ms);
    for (int left = lock_attempts;; --left) {
        auto rows = transaction_->attempt(statement, wait);
        if (rows || !rows.error().is_locked || left == 0 || !transaction_->is_open()) return rows;
    }
}

/// The same for a question, which PostgreSQL has no reason to refuse.
Expected<larder::Rows> BatchWriter::ask(const Statement& statement) {
    auto rows = attempt(statement);
    if (!rows && is_of_a_row(rows.error())) rows.error().kind = ErrorKind::unavailable;
    return rows;
}

void BatchWriter::refuse(ImportRow& row, std::vector<FieldError> errors) {
    result_.failed.push_back(
        {.line = row.line, .original = row.original, .errors = std::move(errors)});
}

std::optional<std::string> BatchWriter::key_of(const ImportRow& row) const {
    if (request_.key == nullptr) return row.id;
    const auto* sent = value_of(row, request_.key);
    return sent == nullptr ? std::nullopt : *sent;
}

const std::string& BatchWriter::key_column() const {
    return request_.key == nullptr ? request_.resource->id_column : request_.key->column_name();
}

const BulkStatements& BatchWriter::statements_of(const Resource& resource) const {
    return statements_.at(&resource);
}

}  // namespace larder::bulk
