#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "access/generation.hpp"
#include "access/key_set.hpp"
#include "cache/cached_form.hpp"
#include "cache/generations.hpp"
#include "cache/shared_memory.hpp"
#include "cache/trust.hpp"
#include "catalog/resource.hpp"
#include "observe/metrics.hpp"
#include "records/removal_plan.hpp"
#include "settings.hpp"
#include "store/database_watch.hpp"
#include "store/session.hpp"
#include "store/statements.hpp"

namespace larder {

/// Where a record that was read came from.
enum class CacheState { hit, miss, bypass };

/// A resource with the SQL derived from it, shared by all threads.
struct Collection {
    Collection(const Resource& described, MetricsMemory& counted);

    void count_read(CacheState state) const { reads[static_cast<std::size_t>(state)].add(); }

    const Resource& resource;
    const Statements statements;
    const CachedForm form;
    const std::array<Counter, 3> reads;  ///< records that were read, by CacheState
    RemovalPlan removal;                 ///< set when all collections are there
    /// Transactions of this process that have swapped, or are about to, and have not ended.
    mutable std::atomic<int> writers_at_work = 0;
};

/// What the threads of one process share. `settings`, the resources and both memories outlive it,
/// and it outlives the threads.
struct Services {
    Services(const Settings& given, std::span<const Resource> described, SharedState& shared,
             MetricsMemory& counted);

    const Collection& of(const Resource& resource) const;
    const Collection& named(std::string_view resource) const;  ///< it has to be there
    std::chrono::milliseconds lifetime_of(const Resource& resource) const;

    const Settings& settings;
    std::span<const Resource> resources;
    std::deque<Collection> collections;  // in the order of the resources; a collection never moves
    Generations generations;
    access::Generation access_generation;
    /// Of AUTH_JWKS, before anything has read it; a change makes verdicts wrong.
    const std::optional<access::FileStamp> first_key_stamp;
    SharedState& memory;
    Metrics metrics;
    Trust trust;
    std::string host_id;
    std::string form;  ///< a hash of all descriptions, as far as the caches depend on them
    Database database;
    DatabaseWatch database_watch;  ///< started by the worker
};

}  // namespace larder
