#pragma once

#include <string_view>

namespace larder {

/// Faults that a test injects into the calls to PostgreSQL and Redis. They exist only where
/// LARDER_FAULTS is defined: in the test worker larder-worker-faults, whose copies of the adapters
/// ask `next_fault` (tests/faults) before each call. In every other program no call ever fails so,
/// and the compiler leaves the code of the faults out.
enum class Fault {
    none,
    before,   ///< the connection breaks before the call is sent
    after,    ///< the server has done the call, but the connection breaks before its reply
    refused,  ///< the server replies with an error, and has done nothing
    scripts,  ///< Redis only: it has just forgotten its scripts (SCRIPT FLUSH)
};

enum class Seam { database, redis };

#ifdef LARDER_FAULTS
inline constexpr bool has_faults = true;

/// How the call that comes next must fail. `call` is its text, for the messages of the test. Counts
/// the call. Any thread.
Fault next_fault(Seam seam, std::string_view call);
#else
inline constexpr bool has_faults = false;

inline Fault next_fault(Seam, std::string_view) { return Fault::none; }
#endif

}  // namespace larder
