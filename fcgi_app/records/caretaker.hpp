#pragma once

#include <stop_token>

#include "records/backend.hpp"

namespace larder {

/// The background work of a worker process, on a thread of its own until `stop` is requested:
/// leads the host back to trust in Redis (with backoff, so that a Redis that fails again and again
/// costs little), removes old generations of the lists and the entries of former epochs, and counts
/// what nginx has answered by itself.
void take_care(const std::stop_token& stop, Services& services);

}  // namespace larder
