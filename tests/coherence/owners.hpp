#pragma once

#include <vector>

#include "record_events.hpp"

namespace larder::coherence {

/// The zones of one record, without conflicts, by `low()`.
struct RecordZones {
    RecordNumber record = no_record;
    std::vector<Zone> zones;
};

/// Checks that no two employees own one employee ID at the same time, and that every 409 is
/// explained by an owner that there can have been within the request.
std::vector<Violation> check_owners(const std::vector<RecordZones>& employees,
                                    const History& history);

}  // namespace larder::coherence
