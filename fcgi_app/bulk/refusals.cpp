#include "bulk/refusals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "json/document.hpp"

namespace larder::bulk {

namespace {

std::vector<FieldError> errors_of(Error error) {
    if (error.fields.empty()) return {{"", std::move(error.detail)}};
    return std::move(error.fields);
}

}  // namespace

void Refusals::refuse(const ImportRow& row, std::vector<FieldError> errors) {
    result_.failed.push_back(
        {.line = row.line, .original = row.original, .errors = std::move(errors)});
}

void Refusals::refuse(const ImportRow& row, Error error) {
    refuse(row, errors_of(std::move(error)));
}

Expected<RowsOfBatch> Refusals::without_refused(const RowsOfBatch& rows, const Error& error) {
    return error.breaks_reference ? without_unknown_references(rows) : without_taken(rows, {});
}

Expected<void> Refusals::explain(ImportRow& row, Error error, std::string_view own_id) {
    const RowsOfBatch one = {&row};
    const std::size_t failed = result_.failed.size();
    auto left =
        error.breaks_reference ? without_unknown_references(one) : without_taken(one, own_id);
    if (!left) return std::unexpected(std::move(left.error()));
    if (result_.failed.size() == failed) refuse(row, std::move(error));
    return {};
}

/// Fails the rows of which another record, or a row before them, has a unique value or the id.
/// One that has the key of a row is no failure where such rows are left out.
Expected<RowsOfBatch> Refusals::without_taken(const RowsOfBatch& rows, std::string_view own_id) {
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
Expected<void> Refusals::find_taken(const RowsOfBatch& rows, const Field* field,
                                    std::string_view own_id, Errors& errors) {
    const Resource& resource = *request_.resource;
    const auto value = [&](const ImportRow& row) {
        if (field == nullptr) return row.id;
        const auto* sent = row.current().value_of(*field);
        return sent == nullptr ? std::nullopt : *sent;
    };
    std::vector<std::string> values;
    for (const ImportRow* row : rows) {
        if (auto one = value(*row)) values.push_back(std::move(*one));
    }
    if (values.empty()) return {};
    auto taken = transaction_.ask(transaction_.statements().find_ids(
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
RowsOfBatch Refusals::without(const RowsOfBatch& rows, Errors errors) {
    RowsOfBatch left;
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
Expected<RowsOfBatch> Refusals::without_unknown_references(const RowsOfBatch& rows) {
    Errors errors;
    for (const Field& field : request_.resource->fields) {
        const Reference* reference = field.reference();
        if (reference == nullptr) continue;
        std::set<std::string> ids;
        for (const ImportRow* row : rows) {
            const auto* sent = row->current().value_of(field);
            if (sent != nullptr && *sent) ids.insert(**sent);
        }
        if (ids.empty()) continue;
        const Resource& target = transaction_.target_of(*reference);
        auto there = transaction_.ask(transaction_.statements_of(target).find_ids(
            target.id_column, {ids.begin(), ids.end()}));
        if (!there) return std::unexpected(std::move(there.error()));
        for (const Row& row : *there) ids.erase(row[0].value_or(""));
        // Rows of the same statement may be what is referred to.
        if (&target == request_.resource) {
            for (const ImportRow* row : rows) {
                if (row->id && rows.size() > 1) ids.erase(*row->id);
            }
        }
        for (const ImportRow* row : rows) {
            const auto* sent = row->current().value_of(field);
            if (sent == nullptr || !*sent || !ids.contains(**sent)) continue;
            errors[row].push_back({json::pointer("", field.name),
                                   fmt::format("is the id of no {}", reference->title)});
        }
    }
    return without(rows, std::move(errors));
}

}  // namespace larder::bulk
