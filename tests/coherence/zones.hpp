#pragma once

#include <optional>
#include <span>
#include <vector>

#include "history.hpp"

namespace larder::coherence {

/// A read or a write of a register, with the operation that it was part of.
struct Event {
    Time start = 0;
    Time end = never;  ///< never: a write that was not acknowledged
    Value value;
    bool write = false;
    const Operation* operation =
        nullptr;  ///< null for the end of a record's life, which needs none
};

/// What is known about the time in which a register held one value (Gibbons and Korach 1997). If
/// the first end of an operation on the value lies before the last start of one, the register held
/// it for all the time between the two: a forward zone. Otherwise the zone is backward: it held the
/// value at some moment between the last start and the first end.
struct Zone {
    Value value;
    Event first_end;
    Event last_start;
    std::optional<Event> write;

    [[nodiscard]] bool forward() const { return first_end.end < last_start.start; }
    [[nodiscard]] Time low() const { return forward() ? first_end.end : last_start.start; }
    [[nodiscard]] Time high() const { return forward() ? last_start.start : first_end.end; }
    /// Whether the register held the value for all of the time from `start` to `end`.
    [[nodiscard]] bool covers(Time start, Time end) const {
        return forward() && low() < start && end < high();
    }
};

enum class Conflict {
    never_written,      ///< a read of a value that nobody wrote
    read_before_write,  ///< a read that ended before the write of its value began
    two_at_once,        ///< two forward zones overlap
    within_another,     ///< a backward zone within a forward zone
};

/// `first` and `second` are the zones that contradict each other; the same one for the first two.
struct ZoneConflict {
    Conflict conflict;
    Zone first;
    Zone second;
};

/// The zones of all values of `events`, by `low()`. What was written without an acknowledgement and
/// never seen has a backward zone without end, which contradicts nothing.
std::vector<Zone> zones_of(std::span<const Event> events);

/// Contradictions between a value's reads and its write.
std::vector<ZoneConflict> conflicts_within(std::span<const Zone> zones);

/// Contradictions between zones of different values. `zones` is sorted by `low()`. Of several
/// zones that contradict the same forward zone each is told once.
std::vector<ZoneConflict> conflicts_between(std::span<const Zone> zones);

/// Whether the register can have held the value of `zone` at some moment between `start` and `end`:
/// a read of it then would not contradict `zones`, which hold `zone`, are sorted by `low()` and
/// without conflict.
bool can_hold(std::span<const Zone> zones, const Zone& zone, Time start, Time end);

}  // namespace larder::coherence
