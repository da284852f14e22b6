#include "records/services.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace larder {

namespace {

std::vector<std::string> names(std::span<const Resource> resources) {
    std::vector<std::string> found;
    for (const Resource& resource : resources) found.emplace_back(resource.name);
    return found;
}

std::array<Counter, 3> read_counters(const Resource& resource, MetricsMemory& memory) {
    const auto counter = [&](std::string_view result) {
        return Counter(memory.cell(series_name("larder_cache_reads_total",
                                               {{"resource", resource.name}, {"result", result}})));
    };
    return {counter("hit"), counter("miss"), counter("bypass")};  // in the order of CacheState
}

}  // namespace

Collection::Collection(const Resource& described, MetricsMemory& counted)
    : resource(described),
      statements(described),
      form(statements.shape()),
      reads(read_counters(described, counted)) {}

Services::Services(const Settings& given, std::span<const Resource> described, SharedState& shared,
                   MetricsMemory& counted)
    : settings(given),
      resources(described),
      generations(given.run_dir, names(resources)),
      access_generation(given.run_dir),
      first_key_stamp(access::stamp_of(given.auth_jwks)),
      memory(shared),
      metrics(counted),
      trust(shared),
      host_id(shared.host_id.data()),
      database(given.database_url, given.prepared_statements, &metrics,
               std::chrono::milliseconds(given.lock_timeout_ms)),
      database_watch(database) {
    std::string shapes;
    for (const Resource& resource : resources) {
        shapes += collections.emplace_back(resource, counted).statements.shape();
    }
    form = CachedForm(shapes).hash();
    for (Collection& collection : collections) {
        collection.removal = plan_removal(collection, collections);
    }
}

const Collection& Services::of(const Resource& resource) const {
    return collections[static_cast<std::size_t>(&resource - resources.data())];
}

const Collection& Services::named(std::string_view resource) const {
    return *std::ranges::find_if(
        collections, [&](const Collection& one) { return one.resource.name == resource; });
}

std::chrono::milliseconds Services::lifetime_of(const Resource& resource) const {
    return std::chrono::seconds(resource.lifetime == Lifetime::items ? settings.item_cache_ttl
                                                                     : settings.cache_ttl_seconds);
}

}  // namespace larder
