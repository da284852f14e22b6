#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "../support/rude_clients.hpp"
#include "disturbances.hpp"
#include "foreign.hpp"
#include "testbed.hpp"

namespace larder::coherence {

/// What faults strike. All of it outlives the faults.
struct FaultTargets {
    TestBed& bed;
    ForeignWriter& foreign;
    Disturbances& disturbances;
    const test::RudeTargets& rude;
};

/// Names of all faults, in the order of their lanes.
std::vector<std::string> fault_names();
/// Whether some of them need a proxy in front of Redis or PostgreSQL.
bool needs_proxy(const std::vector<std::string>& faults);
/// Those that write past the workers, which only a stack with a feed follows.
bool is_foreign(const std::string& fault);

/// Lets faults strike until it is stopped, in three lanes side by side: processes, Redis, and
/// writes past the workers. The order, the pauses and the durations in a lane follow from the seed.
class Faults {
public:
    Faults(FaultTargets targets, const std::vector<std::string>& enabled, std::uint64_t seed);

    /// Ends when the faults under way are over; everything runs again then. Throws
    /// std::runtime_error if a part of the stack could not be brought back.
    void stop();

    [[nodiscard]] std::map<std::string, unsigned> counts() const;

private:
    void run_lane(const std::stop_token& stop, std::vector<std::string> faults, std::uint64_t seed);

    FaultTargets targets_;
    mutable std::mutex mutex_;
    std::map<std::string, unsigned> counts_;
    std::string failure_;
    std::vector<std::jthread> lanes_;
};

}  // namespace larder::coherence
