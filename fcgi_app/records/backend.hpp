#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "cache/record_cache.hpp"
#include "records/larder.hpp"
#include "store/session.hpp"

namespace larder {

/// What one store thread works with: its own connections. Plain blocking style.
struct Backend {
    explicit Backend(Larder& shared)
        : larder(shared),
          session(shared.database),
          cache(shared.trust, shared.metrics, shared.settings.redis,
                std::chrono::milliseconds(shared.settings.redis_timeout_ms)) {}

    Larder& larder;
    Session session;
    RecordCache cache;
};

/// The cache keys of a record, and of a value of a unique field (whose entry is its owner's id).
std::string record_key(const Resource& resource, std::string_view id);
std::string claim_key(const Resource& resource, const Field& field, std::string_view value);

}  // namespace larder
