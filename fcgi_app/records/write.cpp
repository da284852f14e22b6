#include "records/write.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "http/conditional.hpp"
#include "mutant.hpp"
#include "records/dependents.hpp"
#include "records/effects.hpp"
#include "records/epoch.hpp"
#include "records/fenced_commit.hpp"
#include "records/read.hpp"
#include "records/references.hpp"

namespace larder {

namespace {

constexpr int attempts = 20;  // of a guarded change, each lost to another writer of the record

/// One version of a record: what If-Match and a guarded change depend on.
struct Version {
    std::string json;
    std::string xmin;
    std::vector<std::optional<std::string>> unique_values;  // in the order of the unique fields
};

Expected<Version> read_version(Backend& backend, const Collection& collection,
                               const std::string& id, const http::Preconditions& preconditions) {
    auto rows = backend.session.read(collection.statements.select_guarded(id));
    if (!rows) return std::unexpected(std::move(rows.error()));
    if (rows->empty()) return fail(ErrorKind::not_found, collection.resource.not_found(id));
    Row& row = rows->front();
    Version version{.json = std::move(*row[0]), .xmin = std::move(*row[1]), .unique_values = {}};
    version.unique_values.assign(row.begin() + 2, row.end());
    if (!preconditions.empty()) {
        auto met = http::check(preconditions, http::entity_tag(version.json));
        if (!met) return std::unexpected(std::move(met.error()));
    }
    return version;
}

/// `conflict` if somebody else has one of the values; asked before the change, because a change
/// that fails leaves a mark on the row that keeps it out of the cache for a while.
Expected<void> check_free(Backend& backend, const Collection& collection, const std::string& id,
                          const std::vector<Assignment>& claims) {
    for (const Assignment& claim : claims) {
        auto owner = find_owner(backend, collection, *claim.field, *claim.value);
        if (!owner) return std::unexpected(std::move(owner.error()));
        if (*owner && **owner != id) {
            return std::unexpected(taken(collection.resource, *claim.field, *claim.value));
        }
    }
    return {};
}

/// Keeps the answer, fences and commits a write whose record is complete.
Expected<WrittenRecord> finish(Backend& backend, Transaction& transaction, FencedCommit& commit,
                               const Once* once, WrittenRecord record, LockWait lock_wait) {
    auto answer = finish_once(backend, transaction, commit, once, {&record, 1}, lock_wait);
    if (!answer) return std::unexpected(std::move(answer.error()));
    record.answer = std::move(*answer);
    return record;
}

WrittenRecord answered_before(http::Response answer) {
    return {.id = {}, .json = {}, .answer = std::move(answer)};
}

/// A write that fails may have failed because the same request has been done meanwhile: a DELETE
/// finds no record any more. Then its answer is the one that is kept.
Expected<WrittenRecord> or_answered(Backend& backend, const Once* once,
                                    Expected<WrittenRecord> written) {
    if (written) return written;
    auto answer = answer_despite(backend, once, std::move(written.error()));
    if (!answer) return std::unexpected(std::move(answer.error()));
    return answered_before(std::move(*answer));
}

/// The answer to a change that changes nothing is kept too.
Expected<WrittenRecord> leave_unchanged(Backend& backend, const Collection& collection,
                                        const Once* once, WrittenRecord record,
                                        LockWait lock_wait) {
    if (once == nullptr) return record;
    FencedCommit commit(backend, {&collection});
    Transaction transaction(backend.session);
    auto changed = change_once(backend, transaction, once,
                               collection.statements.select_ids({record.id}), lock_wait);
    if (!changed) return std::unexpected(std::move(changed.error()));
    if (changed->answer) return answered_before(std::move(*changed->answer));
    return finish(backend, transaction, commit, once, std::move(record), lock_wait);
}

/// Makes the change if the row is still `version` (nothing: in any version). Gives no record where
/// it was not, or where there is no such row.
Expected<std::optional<WrittenRecord>> change_row(Backend& backend, const Collection& collection,
                                                  const std::string& id, const Change& change,
                                                  const Version* version, LockWait lock_wait,
                                                  const Once* once) {
    FencedCommit commit(backend, {&collection});
    Transaction transaction(backend.session);
    auto changed = change_once(
        backend, transaction, once,
        collection.statements.update(id, change, version == nullptr ? "" : version->xmin),
        lock_wait);
    if (!changed) return std::unexpected(std::move(changed.error()));
    if (changed->answer) return answered_before(std::move(*changed->answer));
    if (changed->rows.empty()) return std::nullopt;
    Row& row = changed->rows.front();
    const auto& sources = collection.statements.tag_sources();
    RowImage before{.id = id, .tag_values = tag_values(row, 1 + sources.size(), sources)};
    RowImage after{.id = id, .tag_values = tag_values(row, 1, sources)};
    if (version != nullptr) {
        before.unique_values = version->unique_values;
        after.unique_values = unique_values(collection.resource, change, version->unique_values);
    }
    WrittenRecord record{.id = id, .json = std::move(*row[0])};
    if (auto fits = check_size(backend, collection.resource, record.json); !fits) {
        return std::unexpected(std::move(fits.error()));
    }
    commit.add(collection, &before, &after, record.json);
    return finish(backend, transaction, commit, once, std::move(record), lock_wait);
}

/// Makes a new row. Gives no record where a unique value is taken.
Expected<std::optional<WrittenRecord>> insert_row(Backend& backend, const Collection& collection,
                                                  const Change& change, LockWait lock_wait,
                                                  const Once* once) {
    FencedCommit commit(backend, {&collection});
    Transaction transaction(backend.session);
    auto changed =
        change_once(backend, transaction, once, collection.statements.insert(change), lock_wait);
    if (!changed) return std::unexpected(std::move(changed.error()));
    if (changed->answer) return answered_before(std::move(*changed->answer));
    if (changed->rows.empty()) return std::nullopt;
    Row& row = changed->rows.front();
    if (auto fits = check_size(backend, collection.resource, *row[1]); !fits) {
        return std::unexpected(std::move(fits.error()));
    }
    const RowImage after{.id = *row[0],
                         .unique_values = unique_values(collection.resource, change),
                         .tag_values = tag_values(row, 2, collection.statements.tag_sources())};
    commit.add(collection, nullptr, &after, *row[1]);
    return finish(backend, transaction, commit, once, {.id = after.id, .json = std::move(*row[1])},
                  lock_wait);
}

/// Removes the row if it is still `version` (nothing: in any version), with all that depends on it.
/// Gives no record where it was not, or where there is no such row.
Expected<std::optional<WrittenRecord>> remove_row(Backend& backend, const Collection& collection,
                                                  const std::string& id, const std::string& xmin,
                                                  LockWait lock_wait, const Once* once) {
    const auto deadline = std::chrono::steady_clock::now() + lock_wait;
    const bool changes_others = collection.resource.removal_changes_others();
    const Statements& statements = collection.statements;
    FencedCommit commit(backend, collection.removal.collections);
    Transaction transaction(backend.session);
    auto locking = changes_others ? statements.lock(id, xmin) : statements.remove(id, xmin);
    if (mutant == Mutant::parent_not_locked && changes_others) {
        locking = statements.select_ids({id});
    }
    auto changed = change_once(backend, transaction, once, locking, lock_wait);
    if (!changed) return std::unexpected(std::move(changed.error()));
    if (changed->answer) return answered_before(std::move(*changed->answer));
    if (changed->rows.empty()) return std::nullopt;
    if (changes_others) {
        auto removed = remove_with_dependents(transaction, commit, collection, id, deadline);
        if (!removed) return std::unexpected(std::move(removed.error()));
    } else {
        const RowImage before = removed_image(collection, changed->rows.front());
        commit.add(collection, &before, nullptr, {});
    }
    return finish(backend, transaction, commit, once, {.id = id, .json = {}}, lock_wait);
}

/// Remembers that a foreign key has refused a change although all its references were there: once
/// that is a race, which the change may win the next time; twice it is of another foreign key.
class ReferenceChecks {
public:
    /// Whether to try again, after this failure; otherwise `error` is the answer.
    bool may_try_again(Backend& backend, const Change& change, Error& error) {
        if (!error.breaks_reference) return false;
        if (auto known = check_references(backend, change); !known) {
            error = std::move(known.error());
            return false;
        }
        return !std::exchange(is_final_, true);
    }

private:
    bool is_final_ = false;
};

std::unexpected<Error> too_busy() {
    return fail(ErrorKind::unavailable, "The record is being changed by too many at once.");
}

Expected<WrittenRecord> create(Backend& backend, const Collection& collection, const Change& change,
                               LockWait lock_wait, const Once* once) {
    const auto claims = change.claims();
    ReferenceChecks references;
    // See update.
    bool is_conflict_final = false;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        auto record = insert_row(backend, collection, change, lock_wait, once);
        if (record && *record) return std::move(**record);
        if (!record) {
            if (references.may_try_again(backend, change, record.error())) continue;
            return std::unexpected(std::move(record.error()));
        }
        if (auto free = check_free(backend, collection, {}, claims); !free) {
            return std::unexpected(std::move(free.error()));
        }
        if (is_conflict_final) {
            return fail(ErrorKind::conflict, "A unique value is already taken.");
        }
        is_conflict_final = true;
    }
    return too_busy();
}

Expected<WrittenRecord> update(Backend& backend, const Collection& collection,
                               const std::string& id, const Change& change,
                               const http::Preconditions& preconditions, LockWait lock_wait,
                               const Once* once) {
    const bool is_guarded =
        !preconditions.empty() || change.is_empty || change.sends_unique_field();
    // A conflict may be lost to a writer that came after check_free, which then finds it. One that
    // comes again, or where no unique value was sent, is of a constraint that check_free knows
    // nothing of.
    bool is_conflict_final = change.claims().empty();
    ReferenceChecks references;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        Expected<Version> version;
        if (is_guarded) {
            version = read_version(backend, collection, id, preconditions);
            if (!version) return std::unexpected(std::move(version.error()));
            if (change.is_empty) {
                return leave_unchanged(backend, collection, once,
                                       {.id = id, .json = std::move(version->json)}, lock_wait);
            }
            auto free = check_free(backend, collection, id, change.claims());
            if (!free) return std::unexpected(std::move(free.error()));
        }
        auto record = change_row(backend, collection, id, change, is_guarded ? &*version : nullptr,
                                 lock_wait, once);
        if (record && *record) return std::move(**record);
        if (record && !is_guarded) {
            return fail(ErrorKind::not_found, collection.resource.not_found(id));
        }
        if (!record && references.may_try_again(backend, change, record.error())) continue;
        if (!record && (record.error().kind != ErrorKind::conflict || is_conflict_final)) {
            return std::unexpected(std::move(record.error()));
        }
        is_conflict_final = is_conflict_final || !record;
    }
    return too_busy();
}

Expected<WrittenRecord> remove(Backend& backend, const Collection& collection,
                               const std::string& id, const http::Preconditions& preconditions,
                               LockWait lock_wait, const Once* once) {
    for (int attempt = 0; attempt < attempts; ++attempt) {
        Expected<Version> version;
        if (!preconditions.empty()) {
            version = read_version(backend, collection, id, preconditions);
            if (!version) return std::unexpected(std::move(version.error()));
        }
        auto removed = remove_row(backend, collection, id, version->xmin, lock_wait, once);
        if (!removed) return std::unexpected(removal_error(std::move(removed.error())));
        if (*removed) return std::move(**removed);
        if (preconditions.empty()) {
            return fail(ErrorKind::not_found, collection.resource.not_found(id));
        }
    }
    return too_busy();
}

}  // namespace

Expected<void> check_size(const Backend& backend, const Resource& resource, std::string_view json) {
    const auto most =
        largest_record(static_cast<std::size_t>(backend.services.settings.body_limit_bytes));
    if (!resource.keeps_json() || json.size() <= most) return {};
    return std::unexpected(
        Error{.kind = ErrorKind::unprocessable,
              .detail = fmt::format("The record would have {} bytes; at most {} are allowed.",
                                    json.size(), most),
              .fields = {{"", "would make the record too large"}}});
}

Error taken(const Resource& resource, const Field& field, std::string_view value) {
    return {
        .kind = ErrorKind::conflict,
        .detail = fmt::format("{} with {} '{}' already exists", resource.title, field.name, value)};
}

Error removal_error(Error error) {
    if (error.kind == ErrorKind::unprocessable) {
        error.kind = ErrorKind::conflict;
        error.detail = error.breaks_reference ? "Other records refer to this one."
                                              : "The database refuses this change.";
    }
    return error;
}

Expected<WrittenRecord> create_record(Backend& backend, const Collection& collection,
                                      const Change& change, LockWait lock_wait, const Once* once) {
    return or_answered(backend, once, create(backend, collection, change, lock_wait, once));
}

Expected<WrittenRecord> update_record(Backend& backend, const Collection& collection,
                                      const std::string& id, const Change& change,
                                      const http::Preconditions& preconditions, LockWait lock_wait,
                                      const Once* once) {
    return or_answered(backend, once,
                       update(backend, collection, id, change, preconditions, lock_wait, once));
}

Expected<WrittenRecord> remove_record(Backend& backend, const Collection& collection,
                                      const std::string& id,
                                      const http::Preconditions& preconditions, LockWait lock_wait,
                                      const Once* once) {
    return or_answered(backend, once,
                       remove(backend, collection, id, preconditions, lock_wait, once));
}

Expected<void> clear_caches(Backend& backend) {
    auto renewed = renew_epoch(backend);
    if (!renewed) return renewed;
    backend.services.metrics.list_renewals.add(backend.services.collections.size());
    if (!backend.services.generations.swap_all()) {
        return fail(ErrorKind::unavailable, "The list cache cannot be cleared now.",
                    std::strerror(errno));
    }
    return {};
}

}  // namespace larder
