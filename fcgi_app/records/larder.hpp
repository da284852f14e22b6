#pragma once

#include <atomic>
#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "cache/generations.hpp"
#include "cache/shared_memory.hpp"
#include "cache/trust.hpp"
#include "observe/metrics.hpp"
#include "resource/resource.hpp"
#include "settings.hpp"
#include "store/database_watch.hpp"
#include "store/session.hpp"
#include "store/statements.hpp"

namespace larder {

/// A resource with the SQL derived from it, shared by all threads.
struct Collection {
    explicit Collection(const Resource& described) : resource(described), statements(described) {}

    const Resource& resource;
    const Statements statements;
    mutable std::atomic<int> writers_at_work = 0;  ///< transactions of this process that write
};

/// What the threads of one process share. `settings`, the resources and both memories outlive it,
/// and it outlives the threads.
struct Larder {
    Larder(const Settings& given, std::span<const Resource> resources, SharedState& shared,
           MetricsMemory& counted);

    const Collection& of(const Resource& resource) const;
    std::chrono::milliseconds lifetime_of(const Resource& resource) const;

    const Settings& settings;
    std::vector<Collection> collections;
    Generations generations;
    SharedState& memory;
    Metrics metrics;
    Trust trust;
    std::string host_id;
    Database database;
    DatabaseWatch database_watch;  ///< started by the worker
};

}  // namespace larder
