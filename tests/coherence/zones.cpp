#include "zones.hpp"

#include <algorithm>
#include <unordered_map>

namespace larder::coherence {
namespace {

void add(Zone& zone, const Event& event) {
    if (event.end < zone.first_end.end) zone.first_end = event;
    if (event.start > zone.last_start.start) zone.last_start = event;
}

bool by_low(const Zone& left, const Zone& right) { return left.low() < right.low(); }

/// The forward zone with the highest end of those that begin before `zone` does.
const Zone* forward_before(std::span<const Zone> zones, const Zone& zone) {
    auto position = std::ranges::lower_bound(zones, zone.low(), {}, &Zone::low);
    while (position != zones.begin()) {
        --position;
        if (position->forward() && position->value != zone.value) return &*position;
    }
    return nullptr;
}

bool contains_another(std::span<const Zone> zones, const Zone& zone) {
    for (auto next = std::ranges::lower_bound(zones, zone.low(), {}, &Zone::low);
         next != zones.end() && next->low() < zone.high(); ++next) {
        if (next->value == zone.value) continue;
        if (next->forward() || next->high() < zone.high()) return true;
    }
    return false;
}

}  // namespace

std::vector<Zone> zones_of(std::span<const Event> events) {
    std::unordered_map<Value, std::size_t> positions;
    std::vector<Zone> zones;
    for (const auto& event : events) {
        const auto [found, is_new] = positions.try_emplace(event.value, zones.size());
        if (is_new) {
            zones.push_back({.value = event.value,
                             .first_end = event,
                             .last_start = event,
                             .write = std::nullopt});
        }
        auto& zone = zones[found->second];
        add(zone, event);
        if (event.write && !zone.write) zone.write = event;
    }
    std::ranges::sort(zones, by_low);
    return zones;
}

std::vector<ZoneConflict> conflicts_within(std::span<const Zone> zones) {
    std::vector<ZoneConflict> conflicts;
    for (const auto& zone : zones) {
        if (!zone.write) {
            conflicts.push_back({Conflict::never_written, zone, zone});
        } else if (zone.first_end.end < zone.write->start) {
            conflicts.push_back({Conflict::read_before_write, zone, zone});
        }
    }
    return conflicts;
}

std::vector<ZoneConflict> conflicts_between(std::span<const Zone> zones) {
    std::vector<ZoneConflict> conflicts;
    const Zone* current = nullptr;  // the forward zone so far that reaches furthest
    for (const auto& zone : zones) {
        const bool beyond = current == nullptr || zone.low() >= current->high();
        if (!beyond && zone.forward()) {
            conflicts.push_back({Conflict::two_at_once, *current, zone});
        } else if (!beyond && zone.high() < current->high()) {
            conflicts.push_back({Conflict::within_another, *current, zone});
        }
        if (zone.forward() && (beyond || zone.high() > current->high())) current = &zone;
    }
    return conflicts;
}

bool can_hold(std::span<const Zone> zones, const Zone& zone, Time start, Time end) {
    if (zone.write && end < zone.write->start) return false;
    Zone read = zone;
    add(read, {.start = start, .end = end, .value = zone.value});
    if (read.forward() && contains_another(zones, read)) return false;
    const Zone* before = forward_before(zones, read);
    if (before == nullptr) return true;
    return read.forward() ? before->high() <= read.low() : before->high() <= read.high();
}

}  // namespace larder::coherence
