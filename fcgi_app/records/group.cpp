#include "records/group.hpp"

#include <algorithm>
#include <utility>

#include "records/publication.hpp"

namespace larder {

namespace {

using http::Action;

Statement statement_of(const Statements& statements, const GroupedWrite& write) {
    switch (write.action) {
        case Action::create: return statements.insert(write.change);
        case Action::remove: return statements.remove(write.id, {});
        default: return statements.update(write.id, write.change, {});
    }
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
class Effect {
public:
    Effect(const Resource& resource, Publication& publication, Publication::Entries& entries)
        : resource_(resource), publication_(publication), entries_(entries) {}

    Expected<WrittenRecord> take(const GroupedWrite& write, Rows& rows) {
        if (rows.empty()) return fail(ErrorKind::not_found, resource_.not_found(write.id));
        Row& row = rows.front();
        if (write.action == Action::create) {
            WrittenRecord record{.id = std::move(*row[0]), .json = std::move(*row[1])};
            // Nobody can have an entry of a new record, so only what is primed needs a fence.
            if (resource_.primed) publish(record);
            return record;
        }
        WrittenRecord record{.id = write.id, .json = {}};
        if (write.action == Action::remove) {
            withdraw(record.id, row);
        } else {
            record.json = std::move(*row[0]);
            publish(record);
        }
        return record;
    }

private:
    void publish(const WrittenRecord& record) {
        const std::string key = record_key(resource_, record.id);
        publication_.add(key);
        entries_[key] = record.json;
    }

    void withdraw(const std::string& id, const Row& row) {
        const std::string key = record_key(resource_, id);
        publication_.add(key);
        entries_.erase(key);
        std::size_t at = 1;
        for (const Field& field : resource_.fields) {
            if (!field.unique) continue;
            if (const auto& value = row[at++])
                publication_.add(claim_key(resource_, field, *value));
        }
    }

    const Resource& resource_;
    Publication& publication_;
    Publication::Entries& entries_;
};

}  // namespace

bool can_be_grouped(Action action, const Change& change, std::string_view if_match) {
    switch (action) {
        case Action::create: return !change.sends_unique_field();
        case Action::replace:
        case Action::patch:
            return if_match.empty() && !change.is_empty && !change.sends_unique_field();
        case Action::remove: return if_match.empty();
        default: return false;
    }
}

std::optional<std::vector<Expected<WrittenRecord>>> write_group(
    Backend& backend, const Collection& collection, std::span<const GroupedWrite> writes) {
    const auto order = in_lock_order(writes);
    std::vector<Statement> statements;
    statements.reserve(writes.size());
    for (const std::size_t at : order) {
        statements.push_back(statement_of(collection.statements, writes[at]));
    }
    Publication publication(backend, collection);
    Publication::Entries entries;
    Transaction transaction(backend.session);
    auto results = transaction.change_all(statements);
    if (!results) return std::nullopt;

    const bool created = std::ranges::all_of(order, [&, i = std::size_t{0}](auto at) mutable {
        return !(*results)[i++].empty() || writes[at].action != Action::create;
    });
    if (!created) return std::nullopt;
    Effect effect(collection.resource, publication, entries);
    std::vector<Expected<WrittenRecord>> records(writes.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        records[order[i]] = effect.take(writes[order[i]], (*results)[i]);
    }
    const auto changed = std::ranges::count_if(records, [](const auto& one) { return bool(one); });
    if (changed == 0) return records;
    const auto committed = publication.commit(transaction, static_cast<std::size_t>(changed));
    // Refused for one of them, and rolled back: the others need not fail with it.
    if (!committed && !committed.error().is_outcome_unknown) return std::nullopt;
    if (!committed) {
        std::ranges::fill(records, Expected<WrittenRecord>(std::unexpected(committed.error())));
        return records;
    }
    publication.prime(entries);
    return records;
}

}  // namespace larder
