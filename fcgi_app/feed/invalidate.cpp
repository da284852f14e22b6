#include "feed/invalidate.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "observe/log.hpp"
#include "records/epoch.hpp"

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

}  // namespace

std::expected<void, std::string> invalidate(Backend& backend, Invalidation& what) {
    const Invalidation work = std::exchange(what, {});
    if (work.everything) {
        renew(backend);
    } else {
        backend.cache.fence(work.keys, {});
    }
    backend.services.metrics.list_renewals.add(work.collections.size());
    for (const auto collection : work.collections) {
        if (backend.services.generations.swap(collection)) continue;
        return std::unexpected(
            fmt::format("cannot renew the lists of {}: {}", collection, std::strerror(errno)));
    }
    return {};
}

Invalidation everything(const Services& services) {
    Invalidation all{.keys = {}, .collections = {}, .everything = true};
    for (const Collection& collection : services.collections) {
        all.collections.insert(collection.resource.name);
    }
    return all;
}

}  // namespace larder
