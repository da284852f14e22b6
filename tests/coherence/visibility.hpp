#pragma once

#include <cstdint>

namespace larder::coherence {

struct VisibilityOptions {
    unsigned edits = 300;  ///< of each kind: idle and under load
    unsigned rate = 1000;  ///< requests a second of the load
    std::uint64_t seed = 1;
};

/// Measures the time from COMMIT of an SQL update to the first answer over HTTP that shows it, for
/// records and for lists, idle and under load, and prints p50, p99 and maximum in milliseconds.
/// Returns the number of edits that were not seen within 10 s. Throws std::runtime_error without a
/// stack or a feed.
unsigned measure_visibility(const VisibilityOptions& options);

}  // namespace larder::coherence
