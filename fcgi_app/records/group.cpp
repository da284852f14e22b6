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
Expected<WrittenRecord> take_effect(FencedCommit& commit, const Resource& resource,
                                    const GroupedWrite& write, Rows& rows) {
    if (rows.empty()) return fail(ErrorKind::not_found, resource.not_found(write.id));
    Row& row = rows.front();
    switch (write.kind) {
        case WriteKind::create: {
            const RowImage after{.id = *row[0]};
            commit.add(nullptr, &after, *row[1]);
            return WrittenRecord{.id = after.id, .json = std::move(*row[1])};
        }
        case WriteKind::remove: {
            const RowImage before{.id = write.id, .unique_values = {row.begin() + 1, row.end()}};
            commit.add(&before, nullptr, {});
            return WrittenRecord{.id = write.id, .json = {}};
        }
        case WriteKind::change: break;
    }
    const RowImage same{.id = write.id};
    commit.add(&same, &same, *row[0]);
    return WrittenRecord{.id = write.id, .json = std::move(*row[0])};
}

}  // namespace

bool can_be_grouped(WriteKind kind, const Change& change, std::string_view if_match) {
    switch (kind) {
        case WriteKind::create: return !change.sends_unique_field();
        case WriteKind::remove: return if_match.empty();
        case WriteKind::change: break;
    }
    return if_match.empty() && !change.is_empty && !change.sends_unique_field();
}

std::optional<std::vector<Expected<WrittenRecord>>> write_group(
    Backend& backend, const Collection& collection, std::span<const GroupedWrite> writes) {
    const auto order = in_lock_order(writes);
    std::vector<Statement> statements;
    statements.reserve(writes.size());
    for (const std::size_t at : order) {
        statements.push_back(statement_of(collection.statements, writes[at]));
    }
    FencedCommit commit(backend, collection);
    Transaction transaction(backend.session);
    auto results = transaction.change_all(statements);
    if (!results) return std::nullopt;

    const bool created = std::ranges::all_of(order, [&, i = std::size_t{0}](auto at) mutable {
        return !(*results)[i++].empty() || writes[at].kind != WriteKind::create;
    });
    if (!created) return std::nullopt;
    std::vector<Expected<WrittenRecord>> records(writes.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        records[order[i]] =
            take_effect(commit, collection.resource, writes[order[i]], (*results)[i]);
    }
    const auto changed = std::ranges::count_if(records, [](const auto& one) { return bool(one); });
    if (changed == 0) return records;
    const auto committed = commit.run(transaction, static_cast<std::size_t>(changed));
    if (!committed) {
        std::ranges::fill(records, Expected<WrittenRecord>(std::unexpected(committed.error())));
    }
    return records;
}

}  // namespace larder
