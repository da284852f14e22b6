#include "records/group.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "mutant.hpp"
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

/// Opens the transaction of a group in which some writes have keys. Takes out of `order` the writes
/// that must not be done, and puts what they are answered into `records`; counts those that were
/// done before. False: the group is to be given up.
bool open_group(Backend& backend, Transaction& transaction, std::span<const GroupedWrite> writes,
                std::vector<std::size_t>& order, std::vector<Expected<WrittenRecord>>& records,
                std::size_t& answered_before) {
    std::vector<std::size_t> places;  // of the writes with keys, each another one
    std::vector<const IdempotencyKey*> keys;
    std::unordered_set<std::string_view> seen;
    std::erase_if(order, [&](std::size_t at) {
        if (writes[at].once == nullptr) return false;
        const IdempotencyKey& key = writes[at].once->key;
        const bool is_first = seen.insert(key.key).second;
        if (is_first) {
            places.push_back(at);
            keys.push_back(&key);
        } else {
            records[at] = std::unexpected(key_in_use());
        }
        return !is_first;
    });
    auto known = open_with_keys(backend, transaction, keys, short_lock_wait);
    if (!known) return false;
    for (std::size_t i = 0; i < places.size(); ++i) {
        Answered& answered = (*known)[i];
        if (answered && !*answered) continue;
        const std::size_t at = places[i];
        if (answered) {
            records[at] = WrittenRecord{.id = {}, .json = {}, .answer = std::move(*answered)};
            ++answered_before;
        } else {
            records[at] = std::unexpected(std::move(answered.error()));
        }
        std::erase(order, at);
    }
    return true;
}

/// Makes the answers that are kept of the group's writes.
std::vector<KeptAnswer> answers_of(std::span<const GroupedWrite> writes,
                                   std::span<const std::size_t> order,
                                   std::vector<Expected<WrittenRecord>>& records) {
    std::vector<KeptAnswer> answers;
    for (const std::size_t at : order) {
        const Once* once = writes[at].once;
        if (once == nullptr || !records[at]) continue;
        records[at]->answer = once->answer({&*records[at], 1});
        answers.push_back({.key = &once->key, .answer = &*records[at]->answer});
    }
    return answers;
}

/// Whether a group whose COMMIT failed is to be tried again, each write alone. What PostgreSQL
/// refused was refused for one of the writes, and rolled back: the others need not fail with it.
/// Of a single write the refusal is the answer, unless it may go better the next time, or a write
/// on its own finds out which references are unknown.
bool may_be_tried_alone(const Error& error, std::size_t writes) {
    if (error.is_outcome_unknown) return false;
    return writes > 1 || error.kind == ErrorKind::unavailable || error.breaks_reference;
}

using Written = std::optional<std::vector<Expected<WrittenRecord>>>;

Written write_together(Backend& backend, const Collection& collection,
                       std::span<const GroupedWrite> writes, std::size_t& answered) {
    std::vector<Expected<WrittenRecord>> records(writes.size());
    auto order = in_lock_order(writes);
    const bool has_keys = std::ranges::any_of(
        writes, [](const GroupedWrite& write) { return write.once != nullptr; });
    FencedCommit commit(backend, {&collection});
    Transaction transaction(backend.session);
    if (has_keys && !open_group(backend, transaction, writes, order, records, answered)) {
        return std::nullopt;
    }
    if (order.empty()) return records;
    std::vector<Statement> statements;
    statements.reserve(order.size());
    for (const std::size_t at : order) {
        statements.push_back(statement_of(collection.statements, writes[at]));
    }
    auto results =
        has_keys ? transaction.also_all(statements) : transaction.change_all(std::move(statements));
    if (!results) return std::nullopt;

    const bool created = std::ranges::all_of(order, [&, i = std::size_t{0}](auto at) mutable {
        return !(*results)[i++].empty() || writes[at].kind != WriteKind::create;
    });
    if (!created) return std::nullopt;
    for (std::size_t i = 0; i < order.size(); ++i) {
        records[order[i]] = take_effect(commit, collection, writes[order[i]], (*results)[i]);
    }
    const auto most =
        largest_record(static_cast<std::size_t>(backend.services.settings.body_limit_bytes));
    const bool is_too_large = std::ranges::any_of(
        records, [&](const auto& one) { return one && one->json.size() > most; });
    if (collection.resource.is_document() && is_too_large) return std::nullopt;
    if (std::ranges::none_of(order, [&](auto at) { return bool(records[at]); })) return records;
    const auto answers = answers_of(writes, order, records);
    if (!keep(backend, transaction, answers, short_lock_wait)) return std::nullopt;
    const auto committed = commit.run(transaction);
    if (committed) {
        if (mutant == Mutant::key_in_its_own_transaction) {
            for (const auto& [key, answer] : answers) {
                if (!keep_alone(backend, *key, *answer)) break;
            }
        }
        return records;
    }
    if (may_be_tried_alone(committed.error(), order.size())) return std::nullopt;
    const bool is_removal = writes[order.front()].kind == WriteKind::remove;
    for (const std::size_t at : order) {
        records[at] =
            std::unexpected(is_removal ? removal_error(committed.error()) : committed.error());
    }
    return records;
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

Written write_group(Backend& backend, const Collection& collection,
                    std::span<const GroupedWrite> writes) {
    std::size_t answered = 0;
    auto records = write_together(backend, collection, writes, answered);
    if (records) backend.services.metrics.idempotent_replays.add(answered);
    return records;
}

}  // namespace larder
