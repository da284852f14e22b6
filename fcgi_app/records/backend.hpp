#pragma once

#include <chrono>

#include "cache/record_cache.hpp"
#include "records/services.hpp"
#include "store/session.hpp"

namespace larder {

/// What one store thread works with: its own connections. Plain blocking style.
struct Backend {
    explicit Backend(Services& shared)
        : services(shared),
          session(shared.database),
          cache(shared.trust, shared.metrics, shared.settings.redis,
                std::chrono::milliseconds(shared.settings.redis_timeout_ms)) {}

    Services& services;
    Session session;
    RecordCache cache;
};

}  // namespace larder
