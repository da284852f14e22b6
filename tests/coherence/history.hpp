#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "value.hpp"

namespace larder::coherence {

/// Nanoseconds of the monotonic clock.
using Time = std::int64_t;
inline constexpr Time never = std::numeric_limits<Time>::max();

Time now();
constexpr Time nanoseconds(std::chrono::nanoseconds duration) { return duration.count(); }

/// Names a record of any resource within a run; see RecordTable.
using RecordNumber = std::uint32_t;
inline constexpr RecordNumber no_record = std::numeric_limits<RecordNumber>::max();

enum class Action : std::uint8_t { create, update, remove, read, list, clear };

/// `ok`: the answer says that it was done. `refused`: the answer says that it was not, and never
/// will be (404, 409, 412). `unknown`: no answer, or 5xx: a write may take effect at any later time
/// or never.
enum class Outcome : std::uint8_t { ok, refused, unknown };

enum class CacheUse : std::uint8_t { none, hit, miss, bypass };

/// Which records a list shows, and what their absence from it says.
enum class ListKind : std::uint8_t {
    all,          ///< absence says that the record is not there
    part,         ///< a list that was cut off by its limit: absence says nothing
    high_salary,  ///< absence says that the record is not there or has a low salary
    employee_id,  ///< absence says that it is not there or has another ID than `value`
};

struct ListEntry {
    RecordNumber record = no_record;
    Value value;
};

/// One operation of a client as the client saw it. It took effect, if it did, between `start` and
/// `end`; the client did not see when. A creation without a record is one whose answer did not name
/// it; that of an import may also have changed the record which had its key.
struct Operation {
    Time start = 0;
    Time end = never;  ///< never: of an operation with an unknown outcome
    Action action = Action::read;
    Outcome outcome = Outcome::unknown;
    Resource resource = Resource::employees;
    CacheUse cache = CacheUse::none;
    ListKind list = ListKind::all;
    bool foreign = false;   ///< written past the workers, with SQL
    bool imported = false;  ///< a row of an import
    /// Writes with the same number (not 0) take effect at one moment, all of them or none; without
    /// those that were refused.
    std::uint32_t together = 0;
    int status = 0;  ///< of HTTP; 0: no answer
    RecordNumber record = no_record;
    RecordNumber parent = no_record;  ///< of a creation that refers to one
    Value value;             ///< written or read; `absent` for a read of nothing and for a removal
    Value expected;          ///< the value whose ETag was sent as If-Match
    std::uint64_t etag = 0;  ///< hash of the ETag that came; 0: none
    /// A read whose answer has no body (HEAD): the value is the one with this ETag.
    bool value_by_etag = false;
    std::vector<ListEntry> entries;  ///< of a list; sorted by record
};

/// A span of time in which a record may be read with its former value, since it was written past
/// the workers.
struct Grace {
    RecordNumber record = no_record;
    Resource resource = Resource::employees;
    Time start = 0;
    Time end = 0;
};

/// An answer that is wrong by itself, whatever else happened.
struct Anomaly {
    Operation operation;
    std::string what;
};

struct History {
    std::vector<Operation> operations;
    std::vector<Grace> graces;
    std::vector<Anomaly> anomalies;
};

}  // namespace larder::coherence
