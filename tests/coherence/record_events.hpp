#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "check.hpp"
#include "zones.hpp"

namespace larder::coherence {

/// The value that stands for "removed" in a record's events. A record's ID is never used again, so
/// nothing follows it; `absent` itself is what was before the creation.
inline constexpr Value removed{~std::uint64_t{0}};

/// What an answer excludes: a value (412), every value with a high salary, or every value with the
/// employee ID of a value (a list of those without the record).
enum class Excluded : std::uint8_t { value, high_salary, employee_id };

struct Exclusion {
    Event event;
    Excluded excluded = Excluded::value;
};

/// What a history says about one record.
struct RecordEvents {
    Resource resource = Resource::employees;
    std::vector<Event> events;
    std::vector<Exclusion> exclusions;
};

struct Gathered {
    std::vector<RecordEvents> records;  ///< by RecordNumber
    std::vector<Violation> violations;  ///< found on the way
};

/// Sorts a history's operations into the records' events. A creation whose answer never came is
/// given to the record that was seen with its value.
Gathered gather(const History& history, Scope scope);

}  // namespace larder::coherence
