#include "records/write.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "http/conditional.hpp"
#include "records/epoch.hpp"
#include "records/publication.hpp"
#include "records/read.hpp"

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
                               const std::string& id, std::string_view if_match) {
    auto rows = backend.session.read(collection.statements.select_guarded(id));
    if (!rows) return std::unexpected(std::move(rows.error()));
    if (rows->empty()) return fail(ErrorKind::not_found, collection.resource.not_found(id));
    Row& row = rows->front();
    Version version{.json = std::move(*row[0]), .xmin = std::move(*row[1]), .unique_values = {}};
    version.unique_values.assign(row.begin() + 2, row.end());
    if (!http::if_match_passes(if_match, http::entity_tag(version.json))) {
        return fail(ErrorKind::precondition_failed, "The record has changed since it was read.");
    }
    return version;
}

/// The unique fields whose values a change moves, with the value before it.
struct Move {
    const Assignment* after;
    std::optional<std::string> before;
};

std::vector<Move> moves(const Resource& resource, const Change& change, const Version& version) {
    std::vector<Move> found;
    std::size_t at = 0;
    for (const Field& field : resource.fields) {
        if (!field.unique) continue;
        const auto& before = version.unique_values[at++];
        const auto after = std::ranges::find(change.assignments, &field, &Assignment::field);
        if (after != change.assignments.end() && after->value != before) {
            found.push_back({&*after, before});
        }
    }
    return found;
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

Publication::Entries entries(const Resource& resource, const WrittenRecord& record,
                             const std::vector<Assignment>& claims) {
    Publication::Entries values = {{record_key(resource, record.id), record.json}};
    for (const Assignment& claim : claims) {
        values[claim_key(resource, *claim.field, *claim.value)] = record.id;
    }
    return values;
}

/// Makes the change if the row is still `version` (nothing: in any version). Gives no record where
/// it was not, or where there is no such row.
Expected<std::optional<WrittenRecord>> change_row(Backend& backend, const Collection& collection,
                                                  const std::string& id, const Change& change,
                                                  const Version* version,
                                                  std::chrono::milliseconds lock_wait) {
    const Resource& resource = collection.resource;
    Publication publication(backend, collection);
    Transaction transaction(backend.session);
    auto rows = transaction.change(
        collection.statements.update(id, change, version == nullptr ? "" : version->xmin),
        lock_wait);
    if (!rows) return std::unexpected(std::move(rows.error()));
    if (rows->empty()) return std::nullopt;
    WrittenRecord record{.id = id, .json = std::move(*rows->front()[0])};
    std::vector<Assignment> gained;
    publication.add(record_key(resource, id));
    const auto moved = version == nullptr ? std::vector<Move>{} : moves(resource, change, *version);
    for (const Move& move : moved) {
        if (move.before) publication.add(claim_key(resource, *move.after->field, *move.before));
        if (!move.after->value) continue;
        publication.add(claim_key(resource, *move.after->field, *move.after->value));
        gained.push_back(*move.after);
    }
    if (auto committed = publication.commit(transaction); !committed) {
        return std::unexpected(std::move(committed.error()));
    }
    publication.prime(entries(resource, record, gained));
    return record;
}

/// What PostgreSQL says of a record that others refer to is no fault of a body.
std::unexpected<Error> not_removed(Error error) {
    if (error.kind == ErrorKind::unprocessable) {
        error.kind = ErrorKind::conflict;
        error.detail = "Other records refer to this one.";
    }
    return std::unexpected(std::move(error));
}

std::unexpected<Error> too_busy() {
    return fail(ErrorKind::unavailable, "The record is being changed by too many at once.");
}

}  // namespace

Error taken(const Resource& resource, const Field& field, std::string_view value) {
    return {
        .kind = ErrorKind::conflict,
        .detail = fmt::format("{} with {} '{}' already exists", resource.title, field.name, value)};
}

Expected<WrittenRecord> create_record(Backend& backend, const Collection& collection,
                                      const Change& change, std::chrono::milliseconds lock_wait) {
    const Resource& resource = collection.resource;
    const auto claims = change.claims();
    for (int attempt = 0; attempt < attempts; ++attempt) {
        Publication publication(backend, collection);
        {
            Transaction transaction(backend.session);
            auto rows = transaction.change(collection.statements.insert(change), lock_wait);
            if (!rows) return std::unexpected(std::move(rows.error()));
            if (!rows->empty()) {
                Row& row = rows->front();
                WrittenRecord record{.id = std::move(*row[0]), .json = std::move(*row[1])};
                // Nobody can have an entry of a new record, so only what is primed needs a fence.
                if (resource.primed) publication.add(record_key(resource, record.id));
                for (const Assignment& claim : claims) {
                    publication.add(claim_key(resource, *claim.field, *claim.value));
                }
                if (auto committed = publication.commit(transaction); !committed) {
                    return std::unexpected(std::move(committed.error()));
                }
                publication.prime(entries(resource, record, claims));
                return record;
            }
        }
        if (auto free = check_free(backend, collection, {}, claims); !free) {
            return std::unexpected(std::move(free.error()));
        }
    }
    return too_busy();
}

Expected<WrittenRecord> update_record(Backend& backend, const Collection& collection,
                                      const std::string& id, const Change& change,
                                      std::string_view if_match,
                                      std::chrono::milliseconds lock_wait) {
    const bool is_guarded = !if_match.empty() || change.is_empty || change.sends_unique_field();
    bool had_conflict = false;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        Expected<Version> version;
        if (is_guarded) {
            version = read_version(backend, collection, id, if_match);
            if (!version) return std::unexpected(std::move(version.error()));
            if (change.is_empty) return WrittenRecord{.id = id, .json = std::move(version->json)};
            auto free = check_free(backend, collection, id, change.claims());
            if (!free) return std::unexpected(std::move(free.error()));
        }
        auto record = change_row(backend, collection, id, change, is_guarded ? &*version : nullptr,
                                 lock_wait);
        if (record && *record) return std::move(**record);
        if (record && !is_guarded) {
            return fail(ErrorKind::not_found, collection.resource.not_found(id));
        }
        // A conflict may be lost to a writer that came after check_free, which then finds it. One
        // that comes again is of a constraint that check_free knows nothing of.
        if (!record && (record.error().kind != ErrorKind::conflict || had_conflict)) {
            return std::unexpected(std::move(record.error()));
        }
        had_conflict = !record;
    }
    return too_busy();
}

Expected<WrittenRecord> remove_record(Backend& backend, const Collection& collection,
                                      const std::string& id, std::string_view if_match,
                                      std::chrono::milliseconds lock_wait) {
    const Resource& resource = collection.resource;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        Expected<Version> version;
        if (!if_match.empty()) {
            version = read_version(backend, collection, id, if_match);
            if (!version) return std::unexpected(std::move(version.error()));
        }
        Publication publication(backend, collection);
        Transaction transaction(backend.session);
        auto rows = transaction.change(collection.statements.remove(id, version->xmin), lock_wait);
        if (!rows) return not_removed(std::move(rows.error()));
        if (rows->empty() && !if_match.empty()) continue;
        if (rows->empty()) return fail(ErrorKind::not_found, resource.not_found(id));
        publication.add(record_key(resource, id));
        std::size_t at = 1;
        for (const Field& field : resource.fields) {
            if (!field.unique) continue;
            const auto& value = rows->front()[at++];
            if (value) publication.add(claim_key(resource, field, *value));
        }
        if (auto committed = publication.commit(transaction); !committed) {
            return not_removed(std::move(committed.error()));
        }
        publication.prime({});
        return WrittenRecord{.id = id, .json = {}};
    }
    return too_busy();
}

Expected<void> clear_caches(Backend& backend) {
    auto renewed = renew_epoch(backend);
    if (!renewed) return renewed;
    backend.larder.metrics.list_renewals.add(backend.larder.collections.size());
    if (!backend.larder.generations.swap_all()) {
        return fail(ErrorKind::unavailable, "The list cache cannot be cleared now.",
                    std::strerror(errno));
    }
    return {};
}

}  // namespace larder
