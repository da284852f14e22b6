#include "records/group.hpp"

#include <algorithm>
#include <utility>

#include "records/effects.hpp"
#include "records/fenced_commit.hpp"

namespace larder {

namespace {

Statement statement_of(const Statements& statements, const GroupedWrite& write) {
    switch (write.kind) {
        case WriteKind::create: return statements.insert(write.change);
        case WriteKind::remove: return statements.remove(write.id, {});
        case WriteKind::change: break;
    }
    return statements.update(write.id, write.change, {});
}

/// Groups lock their rows in one order, so that no two of them wait for each other.
std::vector<std::size_t> in_lock_order(std::span<const GroupedWrite> writes) {
    std::vector<std::size_t> order;
    order.reserve(writes.size());
    for (std::size_t at = 0; at < writes.size(); ++at) order.push_back(at);
    std::ranges::sort(order, {}, [&](std::size_t at) {
        return std::pair<std::string_view, std::size_t>(writes[at].id, at);
    });
    return order;
}

/// What one write of the group has done, in the transaction that is not committed yet.
Expected<WrittenRecord> take_effect(FencedCommit& commit, const Collection& collection,
                                    const GroupedWrite& write, Rows& rows) {
    const Resource& resource = collection.resource;
    if (rows.empty()) return fail(ErrorKind::not_found, resource.not_found(write.id));
    Row& row = rows.front();
    const auto& sources = collection.statements.tag_sources();
    switch (write.kind) {
        case WriteKind::create: {
            const RowImage after{.id = *row[0], .tag_values = tag_values(row, 2, sources)};
            commit.add(collection, nullptr, &after, *row[1]);
            return WrittenRecord{.id = after.id, .json = std::move(*row[1])};
        }
        case WriteKind::remove: {
            const RowImage before = removed_image(collection, row);
            commit.add(collection, &before, nullptr, {});
            return WrittenRecord{.id = write.id, .json = {}};
        }
        case WriteKind::change: break;
    }
    const RowImage before{.id = write.id,
                          .tag_values = tag_values(row, 1 + sources.size(), sources)};
    const RowImage after{.id = write.id, .tag_values = tag_values(row, 1, sources)};
    commit.add(collection, &before, &after, *row[0]);
    return WrittenRecord{.id = write.id, .json = std::move(*row[0])};
}

/// Whether a group whose COMMIT failed is to be tried again, each write alone. What PostgreSQL
/// refused was refused for one of the writes, and rolled back: the others need not fail with it.
/// Of a single write the refusal is the answer, unless it may go better the next time, or a write
/// on its own finds out which references are unknown.
bool may_be_tried_alone(const Error& error, std::size_t writes) {
    if (error.is_outcome_unknown) return false;
    return writes > 1 || error.kind == ErrorKind::unavailable || error.breaks_reference;
}

}  // namespace

bool can_be_grouped(const Resource& resource, WriteKind kind, const Change& change,
                    const http::Preconditions& preconditions) {
    switch (kind) {
        case WriteKind::create: return !change.sends_unique_field();
        case WriteKind::remove: return preconditions.empty() && !resource.removal_changes_others();
        case WriteKind::change: break;
    }
    return preconditions.empty() && !change.is_empty && !change.sends_unique_field();
}

std::optional<std::vector<Expected<WrittenRecord>>> write_group(
    Backend& backend, const Collection& collection, std::span<const GroupedWrite> writes) {
    const auto order = in_lock_order(writes);
    std::vector<Statement> statements;
    statements.reserve(writes.size());
    for (const std::size_t at : order) {
        statements.push_back(statement_of(collection.statements, writes[at]));
    }
    FencedCommit commit(backend, {&collection});
    Transaction transaction(backend.session);
    auto results = transaction.change_all(statements);
    if (!results) return std::nullopt;

    const bool created = std::ranges::all_of(order, [&, i = std::size_t{0}](auto at) mutable {
        return !(*results)[i++].empty() || writes[at].kind != WriteKind::create;
    });
    if (!created) return std::nullopt;
    std::vector<Expected<WrittenRecord>> records(writes.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        records[order[i]] = take_effect(commit, collection, writes[order[i]], (*results)[i]);
    }
    const auto most =
        largest_record(static_cast<std::size_t>(backend.services.settings.body_limit_bytes));
    const bool is_too_large = std::ranges::any_of(
        records, [&](const auto& one) { return one && one->json.size() > most; });
    if (collection.resource.is_document() && is_too_large) return std::nullopt;
    if (std::ranges::none_of(records, [](const auto& one) { return bool(one); })) return records;
    const auto committed = commit.run(transaction);
    if (committed) return records;
    if (may_be_tried_alone(committed.error(), writes.size())) return std::nullopt;
    const bool is_removal = writes.front().kind == WriteKind::remove;
    std::ranges::fill(records,
                      Expected<WrittenRecord>(std::unexpected(
                          is_removal ? removal_error(committed.error()) : committed.error())));
    return records;
}

}  // namespace larder
