#pragma once

#include <stop_token>

#include "records/backend.hpp"

namespace larder {

/// The background work of a worker process, on a thread of its own until `stop` is requested:
/// leads the host back to trust in Redis (with backoff, so that a Redis that fails again and again
/// costs little), and removes old generations of the lists and the entries of former epochs.
void take_care(const std::stop_token& stop, Larder& larder);

}  // namespace larder
