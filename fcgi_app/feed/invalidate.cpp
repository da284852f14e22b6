#include "feed/invalidate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "number.hpp"
#include "observe/log.hpp"
#include "records/epoch.hpp"
#include "records/renew_lists.hpp"

namespace larder {

namespace {

void renew(Backend& backend) {
    auto renewed = renew_epoch(backend);
    // The first failure may only mean that an idle connection has been closed.
    if (!renewed) renewed = renew_epoch(backend);
    if (renewed) return;
    log_error("epoch_not_renewed", {{"error", renewed.error().log}});
    backend.services.trust.lose("PostgreSQL gave no epoch");  // whoever regains it raises the epoch
}

/// Those of the transactions that are not visible yet. PostgreSQL frees the lock that each holds on
/// its own xid after its changes can be seen, and COMMIT is in the log before that: long before,
/// where it waits for a standby.
std::expected<std::vector<std::uint32_t>, std::string> invisible_of(
    Backend& backend, const std::vector<std::uint32_t>& transactions) {
    if (transactions.empty()) return {};
    const auto rows = backend.session.read(
        {"SELECT transactionid FROM pg_locks WHERE locktype = 'transactionid' AND granted"
         " AND mode = 'ExclusiveLock' AND transactionid::text = ANY($1::text[])",
         {fmt::format("{{{}}}", fmt::join(transactions, ","))}});
    if (!rows) return std::unexpected(rows.error().log);
    std::vector<std::uint32_t> found;
    for (const Row& row : *rows) {
        found.push_back(to_number<std::uint32_t>(row[0].value_or("")).value_or(0));
    }
    return found;
}

void add(ListsByCollection& to, const ListsByCollection& lists) {
    for (const auto& [collection, of_one] : lists) {
        to[collection].add(of_one);
    }
}

}  // namespace

std::expected<void, std::string> invalidate(Backend& backend, Invalidation& what,
                                            Invisible& invisible) {
    Invalidation work = std::exchange(what, {});
    if (work.everything) {
        renew(backend);
    } else {
        backend.cache.fence(work.keys, {});
    }
    auto asked = invisible.transactions;
    asked.insert(asked.end(), work.transactions.begin(), work.transactions.end());
    auto left = invisible_of(backend, asked);
    if (!left) return std::unexpected(std::move(left.error()));
    const auto is_left = [&](std::uint32_t one) {
        return std::ranges::find(*left, one) != left->end();
    };
    const bool waits = std::ranges::any_of(work.transactions, is_left);
    const bool has_appeared = !std::ranges::all_of(invisible.transactions, is_left);
    if (has_appeared) {
        add(work.lists, invisible.lists);
        work.access = work.access || invisible.access;
    }
    if (left->empty()) {
        invisible.lists.clear();
        invisible.access = false;
    }
    if (waits) {
        add(invisible.lists, work.lists);
        invisible.access = invisible.access || work.access;
    }
    invisible.transactions = std::move(*left);

    if (work.access && !backend.services.access_generation.swap()) {
        return std::unexpected(
            fmt::format("cannot renew the verdicts on tokens: {}", std::strerror(errno)));
    }
    backend.services.metrics.list_renewals.add(work.lists.size());
    for (const auto& [collection, lists] : work.lists) {
        if (renew_lists(backend.services.generations, collection, lists)) continue;
        return std::unexpected(
            fmt::format("cannot renew the lists of {}: {}", collection, std::strerror(errno)));
    }
    return {};
}

Invalidation everything(const Services& services) {
    Invalidation all{.everything = true, .access = true};
    for (const Collection& collection : services.collections) {
        all.lists[collection.resource.name].add_all();
    }
    return all;
}

}  // namespace larder
