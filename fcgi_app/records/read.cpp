#include "records/read.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <thread>

#include "mutant.hpp"
#include "records/effects.hpp"
#include "store/sqlstate.hpp"

namespace larder {

namespace {

constexpr std::array pauses = {std::chrono::milliseconds(1), std::chrono::milliseconds(2)};

/// What a SELECT found for one key. Settled: no writer was at work on it when it was read.
struct Found {
    std::optional<std::string> value;
    bool settled = false;
};

using Select = std::function<Expected<std::vector<Found>>(const std::vector<std::size_t>& which)>;

bool is_true(const std::optional<std::string>& field) { return field == "t"; }

/// Reads the truth for some keys. A row version that a transaction has touched (xmax is not 0) may
/// be about to change, or its writer or locker may be long gone; xmax cannot tell, for it can also
/// be a MultiXactId, from another number space. Then the table's locks decide: if no writer holds
/// one, whatever was changed before is visible to the statement that follows.
Expected<std::vector<Found>> select_settled(Backend& backend, const Collection& collection,
                                            const std::vector<std::size_t>& which,
                                            const Select& select) {
    auto found = select(which);
    if (!found) return found;
    const bool settled =
        std::ranges::all_of(*found, [](const Found& one) { return one.settled || !one.value; });
    if (settled) return found;
    const auto quiet = backend.session.read(collection.statements.quiet());
    if (!quiet || !is_true(quiet->at(0).at(0))) return found;
    found = select(which);
    if (found) std::ranges::for_each(*found, [](Found& one) { one.settled = true; });
    return found;
}

/// Of each entry the value or a lease. Whoever else holds a lease is about to fill the entry, as a
/// rule, which is worth a moment's waiting: a burst on one record then costs one query.
RecordCache::Leases lease_patiently(RecordCache& cache, std::uint64_t epoch,
                                    std::span<const std::string> keys) {
    auto leases = cache.lease(epoch, keys);
    for (const auto pause : pauses) {
        std::vector<std::size_t> open;
        std::vector<std::string> open_keys;
        for (std::size_t i = 0; i < leases.of.size(); ++i) {
            if (leases.of[i].value || leases.of[i].is_held) continue;
            open.push_back(i);
            open_keys.push_back(keys[i]);
        }
        if (open.empty()) break;
        std::this_thread::sleep_for(pause);
        auto again = cache.lease(epoch, open_keys, leases.token);
        if (again.of.empty()) break;
        for (std::size_t i = 0; i < open.size(); ++i) leases.of[open[i]] = std::move(again.of[i]);
    }
    return leases;
}

/// The reader's half of the cache protocol, for any kind of entry.
Expected<std::vector<ReadRecord>> read_through(Backend& backend, const Collection& collection,
                                               std::span<const std::string> keys,
                                               const Select& select) {
    const std::uint64_t epoch = backend.services.trust.epoch();
    auto leases = lease_patiently(backend.cache, epoch, keys);
    const bool cached = !leases.of.empty();
    std::vector<ReadRecord> records(
        keys.size(), {.json = {}, .cache = cached ? CacheState::miss : CacheState::bypass});
    std::vector<std::size_t> missing;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (auto value =
                cached ? collection.form.value(std::move(leases.of[i].value)) : std::nullopt) {
            records[i] = {std::move(value), CacheState::hit};
        } else {
            missing.push_back(i);
        }
    }
    if (missing.empty()) return records;
    auto found = cached ? select_settled(backend, collection, missing, select) : select(missing);

    RecordCache::Fills fills{.token = std::move(leases.token),
                             .lifetime = backend.services.lifetime_of(collection.resource)};
    for (std::size_t i = 0; i < missing.size(); ++i) {
        const std::size_t at = missing[i];
        if (found) records[at].json = (*found)[i].value;
        if (!cached || !leases.of[at].is_held) continue;
        const bool fillable = found && ((*found)[i].settled || mutant == Mutant::no_settled_check);
        if (!fillable && records[at].json) backend.services.metrics.cache_fills_unsettled.add();
        fills.add(keys[at], fillable ? collection.form.stored(records[at].json.value_or("")) : "");
    }
    backend.cache.fill(epoch, fills);
    if (!found) return std::unexpected(std::move(found.error()));
    return records;
}

}  // namespace

Expected<std::vector<ReadRecord>> read_records(Backend& backend, const Collection& collection,
                                               const std::vector<std::string>& ids) {
    std::vector<std::string> keys;
    keys.reserve(ids.size());
    for (const std::string& id : ids) keys.push_back(record_key(collection.resource, id));
    const Select select =
        [&](const std::vector<std::size_t>& which) -> Expected<std::vector<Found>> {
        std::vector<std::string> wanted;
        wanted.reserve(which.size());
        for (const std::size_t at : which) wanted.push_back(ids[at]);
        auto rows = backend.session.read(collection.statements.select(wanted));
        if (!rows) return std::unexpected(error_of_read(std::move(rows.error())));
        std::vector<Found> found(which.size());
        for (Row& row : *rows) {
            const auto at = std::ranges::find(wanted, *row[0]) - wanted.begin();
            found[static_cast<std::size_t>(at)] = {std::move(row[1]), is_true(row[2])};
        }
        return found;
    };
    return read_through(backend, collection, keys, select);
}

Expected<std::optional<std::string>> find_owner(Backend& backend, const Collection& collection,
                                                const Field& field, const std::string& value) {
    const std::string key = claim_key(collection.resource, field, value);
    const Select select = [&](const std::vector<std::size_t>&) -> Expected<std::vector<Found>> {
        auto rows = backend.session.read(collection.statements.select_owner(field, value));
        if (!rows) return std::unexpected(error_of_read(std::move(rows.error())));
        if (rows->empty()) return std::vector<Found>(1);
        Row& row = rows->front();
        return std::vector<Found>{{std::move(row[0]), is_true(row[1])}};
    };
    auto owners = read_through(backend, collection, {&key, 1}, select);
    if (!owners) return std::unexpected(std::move(owners.error()));
    return std::move(owners->front().json);
}

}  // namespace larder
