#include "records/larder.hpp"

#include <algorithm>

namespace larder {

namespace {

std::vector<std::string> names(std::span<const Resource> resources) {
    std::vector<std::string> found;
    for (const Resource& resource : resources) found.emplace_back(resource.name);
    return found;
}

}  // namespace

Larder::Larder(const Settings& given, std::span<const Resource> resources, SharedState& shared,
               MetricsMemory& counted)
    : settings(given),
      collections(resources.begin(), resources.end()),
      generations(given.run_dir, names(resources)),
      memory(shared),
      metrics(counted),
      trust(shared),
      host_id(shared.host_id.data()),
      database(given.database_url, given.prepared_statements, &metrics,
               std::chrono::milliseconds(given.lock_timeout_ms)),
      database_watch(database) {}

const Collection& Larder::of(const Resource& resource) const {
    return *std::ranges::find(collections, &resource,
                              [](const Collection& one) { return &one.resource; });
}

std::chrono::milliseconds Larder::lifetime_of(const Resource& resource) const {
    return std::chrono::seconds(resource.lifetime == Lifetime::items ? settings.item_cache_ttl
                                                                     : settings.cache_ttl_seconds);
}

}  // namespace larder
