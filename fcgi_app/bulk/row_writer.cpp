#include "bulk/row_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <set>

#include "json/document.hpp"
#include "number.hpp"
#include "records/effects.hpp"
#include "records/write.hpp"

namespace larder::bulk {

namespace {

// Rounds of changes that find all their records changed meanwhile.
constexpr int idle_rounds = 20;

BulkRow view(const ImportRow& row) { return {.id = &row.id, .change = &row.current()}; }

/// All imports lock the rows of a statement in one order, so that no two of them wait for each
/// other: by their keys, numbers as numbers.
template <class KeyOf>
RowsOfBatch in_order_of_locks(const RowsOfBatch& rows, KeyOf key_of) {
    struct Keyed {
        std::string key;
        ImportRow* row;
    };
    std::vector<Keyed> keyed;
    keyed.reserve(rows.size());
    for (ImportRow* row : rows) keyed.push_back({key_of(*row), row});
    std::ranges::stable_sort(keyed, [](const Keyed& a, const Keyed& b) {
        return a.key.size() != b.key.size() ? a.key.size() < b.key.size() : a.key < b.key;
    });
    RowsOfBatch ordered;
    ordered.reserve(rows.size());
    for (const Keyed& one : keyed) ordered.push_back(one.row);
    return ordered;
}

/// By shape, in the order of the rows.
template <class Take>
Expected<void> for_each_shape(const BulkStatements& statements, RowsOfBatch rows, bool is_new,
                              Take take) {
    std::map<std::string, RowsOfBatch> shapes;
    for (ImportRow* row : rows) shapes[statements.shape(view(*row), is_new)].push_back(row);
    for (const auto& [shape, of_shape] : shapes) {
        if (auto taken = take(of_shape); !taken) return taken;
    }
    return {};
}

}  // namespace

/// A row may refer by a value to one before it, in the same batch: so those that can be written
/// are, and the others are looked at again.
Expected<void> RowWriter::write(RowsOfBatch rows) {
    if (auto advanced = advance_ids(rows); !advanced) return advanced;
    while (!rows.empty()) {
        RowsOfBatch unknown;
        auto known = resolve(rows, unknown);
        if (!known) return std::unexpected(std::move(known.error()));
        const bool is_update = request_.on_conflict == OnConflict::update;
        auto written = is_update ? update_or_add(*known) : add(*known);
        if (!written) return written;
        if (known->empty()) {
            refuse_unresolved(unknown);
            return {};
        }
        rows = std::move(unknown);
    }
    return {};
}

Expected<void> RowWriter::advance_ids(const RowsOfBatch& rows) {
    if (request_.resource->id != IdType::integer || request_.is_trial) return {};
    std::vector<std::string> ids;
    for (const ImportRow* row : rows) {
        if (row->id) ids.push_back(*row->id);
    }
    if (ids.empty()) return {};
    auto done = transaction_.ask(transaction_.statements().advance_ids(ids));
    if (!done) return std::unexpected(std::move(done.error()));
    return {};
}

/// Puts ids in the place of the values by which references are given. Gives the rows of which all
/// are known; `unknown` gets the others.
Expected<RowsOfBatch> RowWriter::resolve(const RowsOfBatch& rows, RowsOfBatch& unknown) {
    std::map<std::pair<const Field*, const Field*>, std::set<std::string>> wanted;
    for (const ImportRow* row : rows) {
        for (const auto& one : row->references) wanted[{one.field, one.by}].insert(one.value);
    }
    if (wanted.empty()) return rows;
    std::map<std::pair<const Field*, const Field*>, std::map<std::string, std::string>> found;
    for (const auto& [how, values] : wanted) {
        const Resource& target = transaction_.target_of(*how.first->reference());
        auto ids = transaction_.ask(transaction_.statements_of(target).find_ids(
            how.second->column_name(), {values.begin(), values.end()}));
        if (!ids) return std::unexpected(std::move(ids.error()));
        for (Row& row : *ids) found[how].emplace(row[0].value_or(""), row[1].value_or(""));
    }
    RowsOfBatch known;
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

void RowWriter::refuse_unresolved(const RowsOfBatch& rows) {
    for (const ImportRow* row : rows) {
        std::vector<FieldError> errors;
        for (const ReferenceByValue& one : row->references) {
            errors.push_back({json::pointer("", one.field->name + "." + one.by->name),
                              fmt::format("leads to no {}", one.field->reference()->title)});
        }
        refusals_.refuse(*row, std::move(errors));
    }
}

Expected<void> RowWriter::add(const RowsOfBatch& rows) {
    return for_each_shape(transaction_.statements(), rows, true,
                          [&](const RowsOfBatch& of_shape) { return add_shape(of_shape, true); });
}

/// `may_filter`: those that are sure to be refused are looked for first, all at once.
Expected<void> RowWriter::add_shape(const RowsOfBatch& rows, bool may_filter) {
    if (rows.empty()) return {};
    // Numbers that PostgreSQL gives are in the order of the file.
    const bool is_numbered = request_.resource->id == IdType::integer && !rows.front()->id;
    const auto ordered = is_numbered ? rows : in_order_of_locks(rows, [this](const ImportRow& row) {
        return key_of(row).value_or("");
    });
    std::vector<BulkRow> views;
    views.reserve(rows.size());
    for (const ImportRow* row : ordered) views.push_back(view(*row));
    const bool leaves_out = request_.on_conflict != OnConflict::fail;
    auto added = transaction_.attempt(
        transaction_.statements().insert(views, leaves_out ? &key_column() : nullptr));
    if (added) {
        note_added(rows, *added);
        return {};
    }
    if (!is_of_a_row(added.error())) return std::unexpected(std::move(added.error()));
    if (rows.size() == 1) return refusals_.explain(*rows.front(), std::move(added.error()), {});
    if (may_filter) {
        auto left = refusals_.without_refused(rows, added.error());
        if (!left) return std::unexpected(std::move(left.error()));
        const bool may_again = left->size() < rows.size();
        return add_shape(*left, may_again);
    }
    const auto middle = rows.begin() + std::ssize(rows) / 2;
    if (auto first = add_shape({rows.begin(), middle}, false); !first) return first;
    return add_shape({middle, rows.end()}, false);
}

/// `added`: the keys, where rows whose key is taken are left out.
void RowWriter::note_added(const RowsOfBatch& rows, const Rows& added) {
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

/// Round by round: looks for the records, changes those that are there and adds the others. What
/// another transaction has changed or added meanwhile, and a row whose key an earlier one has, is
/// for the next round.
Expected<void> RowWriter::update_or_add(const RowsOfBatch& rows) {
    RowsOfBatch left = rows;
    for (int idle = 0; !left.empty();) {
        const std::size_t before = left.size();
        std::set<std::string> keys;
        RowsOfBatch now;
        RowsOfBatch later;
        for (ImportRow* row : left) {
            const auto key = key_of(*row);
            (!key || keys.insert(*key).second ? now : later).push_back(row);
        }
        auto found = transaction_.ask(
            transaction_.statements().find(key_column(), {keys.begin(), keys.end()}));
        if (!found) return std::unexpected(std::move(found.error()));
        Versions versions;
        for (Row& row : *found) versions.emplace(row[0].value_or(""), row);
        RowsOfBatch known;
        RowsOfBatch fresh;
        for (ImportRow* row : now) {
            const auto key = key_of(*row);
            const bool is_known = key && versions.contains(*key);
            if (is_known || make_new(*row)) (is_known ? known : fresh).push_back(row);
        }
        if (auto added = add(fresh); !added) return added;
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
bool RowWriter::make_new(ImportRow& row) {
    Change change = row.change;
    if (!request_.resource->is_document()) {
        auto complete = complete_new(*request_.resource, change);
        if (!complete) {
            refusals_.refuse(row, std::move(complete.error()));
            return false;
        }
    }
    row.as_new = std::move(change);
    return true;
}

Expected<void> RowWriter::change(const RowsOfBatch& rows, const Versions& versions,
                                 RowsOfBatch& left) {
    RowsOfBatch with_values;
    for (ImportRow* row : rows) {
        if (row->change.is_empty && row->change.assignments.empty()) {  // nothing to change
            ++result_.counts.skipped;
        } else {
            with_values.push_back(row);
        }
    }
    return for_each_shape(
        transaction_.statements(), with_values, false,
        [&](const RowsOfBatch& of_shape) { return change_shape(of_shape, versions, left); });
}

Expected<void> RowWriter::change_shape(const RowsOfBatch& rows, const Versions& versions,
                                       RowsOfBatch& left) {
    const auto ordered = in_order_of_locks(
        rows, [&](const ImportRow& row) { return *versions.find(*key_of(row))->second[1]; });
    std::vector<BulkRow> views;
    std::vector<BulkVersion> of;
    for (const ImportRow* row : ordered) {
        const Row& version = versions.find(*key_of(*row))->second;
        views.push_back(view(*row));
        of.push_back({.id = &*version[1], .xmin = &*version[2]});
    }
    auto changed = transaction_.attempt(transaction_.statements().update(views, of));
    std::optional<Error> refused;
    if (!changed) refused = std::move(changed.error());
    if (changed && are_too_large(*changed)) {
        if (auto undone = transaction_.undo_attempt(); !undone) return undone;
        refused = Error{.kind = ErrorKind::unprocessable,
                        .fields = {{"", "would make the record too large"}}};
    }
    if (!refused) {
        note_changes(ordered, versions, *changed, left);
        return {};
    }
    if (!is_of_a_row(*refused)) return std::unexpected(std::move(*refused));
    if (rows.size() == 1)
        return refusals_.explain(*rows.front(), std::move(*refused), *of.front().id);
    const auto middle = rows.begin() + std::ssize(rows) / 2;
    if (auto first = change_shape({rows.begin(), middle}, versions, left); !first) return first;
    return change_shape({middle, rows.end()}, versions, left);
}

/// Bodies that are merged can make a document larger than one body could.
bool RowWriter::are_too_large(const Rows& changed) const {
    const auto most =
        largest_record(static_cast<std::size_t>(transaction_.settings().body_limit_bytes));
    return std::ranges::any_of(changed, [&](const Row& row) {
        return to_number<std::size_t>(row[1].value_or("")).value_or(0) > most;
    });
}

/// `changed`: the numbers of those that were. Others are for the next round.
void RowWriter::note_changes(const RowsOfBatch& rows, const Versions& versions, const Rows& changed,
                             RowsOfBatch& left) {
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
void RowWriter::note_changed(const ImportRow& row, const Row& version) {
    ++result_.counts.changed;
    const RowImage before{.id = *version[1], .unique_values = {version.begin() + 3, version.end()}};
    transaction_.note_change(
        before,
        {.id = before.id,
         .unique_values = unique_values(*request_.resource, row.current(), before.unique_values)});
}

std::optional<std::string> RowWriter::key_of(const ImportRow& row) const {
    if (request_.key == nullptr) return row.id;
    const auto* sent = row.current().value_of(*request_.key);
    return sent == nullptr ? std::nullopt : *sent;
}

const std::string& RowWriter::key_column() const {
    return request_.key == nullptr ? request_.resource->id_column : request_.key->column_name();
}

}  // namespace larder::bulk
