#include "records/write.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "feed/mark.hpp"
#include "http/conditional.hpp"
#include "json/document.hpp"
#include "mutant.hpp"
#include "records/epoch.hpp"
#include "records/read.hpp"

namespace larder {

namespace {

constexpr int attempts = 20;  // of a guarded change, each lost to another writer of the record

using Entries = std::vector<std::pair<std::string, std::string>>;  // key and value

/// The entries that a write makes wrong, and the lease that it holds on them until it has ended.
class Publication {
public:
    Publication(Backend& backend, const Collection& collection)
        : backend_(backend), resource_(collection.resource) {
        if (resource_.primed) token_ = random_token();
        if constexpr (mutant == Mutant::decide_before_change) {
            decided_ = backend.larder.trust.epoch() != 0;
        }
    }

    void add(std::string key) { keys_.push_back(std::move(key)); }

    /// Ends the transaction. The order is the protocol: the change was made, then the fence is
    /// acknowledged (or trust in Redis is lost), then the lists' generation is swapped, and only
    /// then is the change committed and may be seen by anybody.
    Expected<void> commit(Transaction& transaction) {
        if constexpr (mutant != Mutant::fence_after_commit) fence();
        if constexpr (mutant != Mutant::swap_after_commit) {
            if (auto swapped = swap(); !swapped) return swapped;
        }
        auto committed =
            transaction.commit(to_text({.host = backend_.larder.host_id, .epoch = epoch_}));
        if constexpr (mutant == Mutant::fence_after_commit) fence();
        if constexpr (mutant == Mutant::swap_after_commit) {
            if (auto swapped = swap(); !swapped) return swapped;
        }
        if (mutant == Mutant::trust_after_commit && !keys_.empty() && epoch_ == 0) {
            backend_.larder.trust.lose();
        }
        return committed;
    }

    /// Puts new values into the cache, under the lease of the fence.
    void prime(const Entries& values) {
        if (token_.empty() || epoch_ == 0) return;
        std::vector<RecordCache::Fill> fills;
        for (const std::string& key : keys_) {
            const auto value =
                std::ranges::find_if(values, [&](const auto& entry) { return entry.first == key; });
            fills.push_back(
                {.key = key,
                 .token = token_,
                 .value = value == values.end() ? std::nullopt : std::optional(value->second),
                 .lifetime = backend_.larder.lifetime_of(resource_)});
        }
        backend_.cache.fill(epoch_, fills);
    }

private:
    void fence() {
        if (keys_.empty()) return;
        if (mutant == Mutant::decide_before_change && !decided_) return;
        epoch_ = backend_.cache.fence(keys_, token_);
    }

    Expected<void> swap() {
        if (backend_.larder.generations.swap(resource_.name)) return {};
        return fail(ErrorKind::unavailable, "The list cache cannot be renewed now.",
                    fmt::format("cannot swap the generation of {}: {}", resource_.name,
                                std::strerror(errno)));
    }

    Backend& backend_;
    const Resource& resource_;
    std::string token_;
    std::vector<std::string> keys_;
    std::uint64_t epoch_ = 0;
    bool decided_ = true;
};

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

Entries entries(const Resource& resource, const WrittenRecord& record,
                const std::vector<Assignment>& claims) {
    Entries values = {{record_key(resource, record.id), record.json}};
    for (const Assignment& claim : claims) {
        values.emplace_back(claim_key(resource, *claim.field, *claim.value), record.id);
    }
    return values;
}

/// Makes the change if the row is still `version` (nothing: in any version). Gives no record where
/// it was not, or where there is no such row.
Expected<std::optional<WrittenRecord>> change_row(Backend& backend, const Collection& collection,
                                                  const std::string& id, const Change& change,
                                                  const Version* version) {
    const Resource& resource = collection.resource;
    Publication publication(backend, collection);
    Transaction transaction(backend.session);
    auto rows = transaction.change(
        collection.statements.update(id, change, version == nullptr ? "" : version->xmin));
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

bool sends_unique_field(const Change& change) {
    return std::ranges::any_of(change.assignments,
                               [](const Assignment& one) { return one.field->unique; });
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
                                      const Change& change) {
    const Resource& resource = collection.resource;
    const auto claims = change.claims();
    for (int attempt = 0; attempt < attempts; ++attempt) {
        Publication publication(backend, collection);
        {
            Transaction transaction(backend.session);
            auto rows = transaction.change(collection.statements.insert(change));
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
                                      std::string_view if_match) {
    const bool is_guarded = !if_match.empty() || change.is_empty || sends_unique_field(change);
    for (int attempt = 0; attempt < attempts; ++attempt) {
        Expected<Version> version;
        if (is_guarded) {
            version = read_version(backend, collection, id, if_match);
            if (!version) return std::unexpected(std::move(version.error()));
            if (change.is_empty) return WrittenRecord{.id = id, .json = std::move(version->json)};
            auto free = check_free(backend, collection, id, change.claims());
            if (!free) return std::unexpected(std::move(free.error()));
        }
        auto record = change_row(backend, collection, id, change, is_guarded ? &*version : nullptr);
        if (record && *record) return std::move(**record);
        if (record && !is_guarded) {
            return fail(ErrorKind::not_found, collection.resource.not_found(id));
        }
        // A conflict here was lost to a writer that came after check_free, which now finds it.
        if (!record && record.error().kind != ErrorKind::conflict) {
            return std::unexpected(std::move(record.error()));
        }
    }
    return too_busy();
}

Expected<void> remove_record(Backend& backend, const Collection& collection, const std::string& id,
                             std::string_view if_match) {
    const Resource& resource = collection.resource;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        Expected<Version> version;
        if (!if_match.empty()) {
            version = read_version(backend, collection, id, if_match);
            if (!version) return std::unexpected(std::move(version.error()));
        }
        Publication publication(backend, collection);
        Transaction transaction(backend.session);
        auto rows = transaction.change(collection.statements.remove(id, version->xmin));
        if (!rows) return std::unexpected(std::move(rows.error()));
        if (rows->empty() && !if_match.empty()) continue;
        if (rows->empty()) return fail(ErrorKind::not_found, resource.not_found(id));
        publication.add(record_key(resource, id));
        std::size_t at = 1;
        for (const Field& field : resource.fields) {
            if (!field.unique) continue;
            const auto& value = rows->front()[at++];
            if (value) publication.add(claim_key(resource, field, *value));
        }
        auto committed = publication.commit(transaction);
        if (committed) publication.prime({});
        return committed;
    }
    return too_busy();
}

Expected<void> clear_caches(Backend& backend) {
    auto renewed = renew_epoch(backend);
    if (!renewed) return renewed;
    if (!backend.larder.generations.swap_all()) {
        return fail(ErrorKind::unavailable, "The list cache cannot be cleared now.",
                    std::strerror(errno));
    }
    return {};
}

}  // namespace larder
