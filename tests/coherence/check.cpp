#include "check.hpp"

#include <algorithm>

#include "owners.hpp"
#include "record_events.hpp"

namespace larder::coherence {
namespace {

std::string describe(const ZoneConflict& found) {
    const auto name = [](Value value) {
        return value == removed ? std::string("its removal") : to_string(value);
    };
    const auto first = name(found.first.value);
    const auto second = name(found.second.value);
    switch (found.conflict) {
        case Conflict::never_written:
            return found.first.value == removed ? "not there, though nobody removed it"
                                                : first + " was read, which nobody wrote here";
        case Conflict::read_before_write:
            return first + " was seen before the request that caused it began";
        case Conflict::two_at_once:
            return "both were in force at the same time: " + first + ", and " + second;
        case Conflict::within_another:
            return second + " was in force within a time that belongs to " + first;
    }
    return {};
}

/// The few operations that bound the zones of a conflict.
std::vector<Operation> proof_of(const ZoneConflict& found) {
    std::vector<const Operation*> chosen;
    for (const Zone* zone : {&found.first, &found.second}) {
        const Event* write = zone->write ? &*zone->write : nullptr;
        for (const Event* event : {write, &zone->first_end, &zone->last_start}) {
            const Operation* operation = event == nullptr ? nullptr : event->operation;
            if (operation != nullptr && std::ranges::find(chosen, operation) == chosen.end()) {
                chosen.push_back(operation);
            }
        }
    }
    std::vector<Operation> proof;
    for (const auto* operation : chosen) proof.push_back(*operation);
    return proof;
}

std::string_view reason_of(Excluded excluded) {
    switch (excluded) {
        case Excluded::value: return "the condition on it failed";
        case Excluded::high_salary: return "the list of high salaries lacks it";
        case Excluded::employee_id: break;
    }
    return "the list of its employee ID lacks it";
}

bool excludes(const Exclusion& exclusion, Value value) {
    switch (exclusion.excluded) {
        case Excluded::value: return value == exclusion.event.value;
        case Excluded::high_salary: return value != removed && value.high_salary();
        case Excluded::employee_id: break;
    }
    return value != removed && value.employee_id() == exclusion.event.value.employee_id();
}

/// An answer says that the record does not hold a value, but it did for all of the request.
void check_exclusions(const RecordEvents& record, const std::vector<Zone>& zones,
                      std::vector<Violation>& violations) {
    std::vector<Zone> forward;
    std::ranges::copy_if(zones, std::back_inserter(forward), &Zone::forward);
    for (const auto& exclusion : record.exclusions) {
        auto zone = std::ranges::lower_bound(forward, exclusion.event.start, {}, &Zone::low);
        if (zone == forward.begin()) continue;
        --zone;
        if (!excludes(exclusion, zone->value)) continue;
        if (!zone->covers(exclusion.event.start, exclusion.event.end)) continue;
        Violation violation{.what = to_string(zone->value) + " was in force, but " +
                                    std::string(reason_of(exclusion.excluded)),
                            .proof = {*zone->first_end.operation, *exclusion.event.operation}};
        if (zone->last_start.operation != nullptr) {
            violation.proof.push_back(*zone->last_start.operation);
        }
        violations.push_back(std::move(violation));
    }
}

}  // namespace

std::vector<Violation> check(const History& history, Scope scope) {
    auto [records, violations] = gather(history, scope);
    for (const auto& anomaly : history.anomalies) {
        violations.push_back({anomaly.what, {anomaly.operation}});
    }
    std::vector<RecordZones> employees;
    for (RecordNumber number = 0; number < records.size(); ++number) {
        auto zones = zones_of(records[number].events);
        auto conflicts = conflicts_within(zones);
        std::ranges::move(conflicts_between(zones), std::back_inserter(conflicts));
        for (const auto& found : conflicts) {
            violations.push_back({describe(found), proof_of(found)});
        }
        if (!conflicts.empty()) continue;
        check_exclusions(records[number], zones, violations);
        if (records[number].resource == Resource::employees) {
            employees.push_back({number, std::move(zones)});
        }
    }
    std::ranges::move(check_owners(employees, history), std::back_inserter(violations));
    for (auto& violation : violations) {
        std::ranges::sort(violation.proof, {}, &Operation::start);
    }
    return violations;
}

}  // namespace larder::coherence
