#include "owners.hpp"

#include <algorithm>
#include <map>

namespace larder::coherence {
namespace {

constexpr int conflict = 409;

/// A value that makes its record the owner of an employee ID.
struct Claim {
    const RecordZones* record;
    const Zone* zone;

    [[nodiscard]] Time start() const { return zone->write ? zone->write->start : 0; }
};

using ClaimsById = std::map<unsigned, std::vector<Claim>>;

ClaimsById claims_of(const std::vector<RecordZones>& employees) {
    ClaimsById claims;
    for (const auto& employee : employees) {
        for (const auto& zone : employee.zones) {
            const bool owns = zone.value != removed && zone.value.employee_id() != 0;
            if (owns) claims[zone.value.employee_id()].push_back({&employee, &zone});
        }
    }
    for (auto& [id, of_one_id] : claims) std::ranges::sort(of_one_id, {}, &Claim::start);
    return claims;
}

/// Zones of one record never conflict, so what conflicts here are zones of two records.
void check_exclusion(unsigned id, const std::vector<Claim>& claims,
                     std::vector<Violation>& violations) {
    std::vector<Zone> zones;
    for (const auto& claim : claims) zones.push_back(*claim.zone);
    std::ranges::sort(zones, {}, &Zone::low);
    for (const auto& found : conflicts_between(zones)) {
        Violation violation{
            .what = "two owners of employee ID " + employee_id_text(id) + " at the same time",
            .proof = {}};
        for (const Zone* zone : {&found.first, &found.second}) {
            violation.proof.push_back(*zone->first_end.operation);
            violation.proof.push_back(*zone->last_start.operation);
        }
        violations.push_back(std::move(violation));
    }
}

bool can_be_owned(const std::vector<Claim>& claims, const Operation& refused) {
    // Those that began last are the likeliest owners.
    return std::ranges::any_of(claims.rbegin(), claims.rend(), [&](const Claim& claim) {
        return claim.record->record != refused.record && claim.start() < refused.end &&
               can_hold(claim.record->zones, *claim.zone, refused.start, refused.end);
    });
}

/// The first creation of each ID's claim whose answer did not come, or names no record, and whose
/// record nobody has seen: it may have happened, and then its record is an owner.
std::map<unsigned, Time> unseen_claims(const ClaimsById& claims, const History& history) {
    std::map<unsigned, Time> unseen;
    for (const auto& operation : history.operations) {
        const unsigned id = operation.value.employee_id();
        const bool lost = operation.action == Action::create && id != 0 &&
                          operation.record == no_record && operation.outcome != Outcome::refused;
        if (!lost) continue;
        const auto of_one_id = claims.find(id);
        const bool seen = of_one_id != claims.end() &&
                          std::ranges::any_of(of_one_id->second, [&](const Claim& claim) {
                              return claim.zone->value == operation.value;
                          });
        if (seen) continue;
        const auto [first, is_new] = unseen.try_emplace(id, operation.start);
        first->second = std::min(first->second, operation.start);
    }
    return unseen;
}

bool touches_grace(const History& history, const Operation& operation) {
    return std::ranges::any_of(history.graces, [&](const Grace& grace) {
        return grace.resource == Resource::employees && operation.start <= grace.end &&
               operation.end >= grace.start;
    });
}

/// The refused request, and the last owners before it, who cannot be the reason.
Violation unexplained(const std::vector<Claim>& claims, const Operation& refused) {
    Violation violation{.what = "409 for employee ID " +
                                employee_id_text(refused.value.employee_id()) +
                                ", which nobody can have owned",
                        .proof = {}};
    for (const auto& claim : claims) {
        if (claim.start() > refused.end) break;
        violation.proof.clear();
        violation.proof.push_back(*claim.zone->write->operation);
        const auto next =
            std::ranges::upper_bound(claim.record->zones, claim.zone->low(), {}, &Zone::low);
        if (next != claim.record->zones.end() && next->write) {
            violation.proof.push_back(*next->write->operation);
        }
    }
    violation.proof.push_back(refused);
    return violation;
}

}  // namespace

std::vector<Violation> check_owners(const std::vector<RecordZones>& employees,
                                    const History& history) {
    std::vector<Violation> violations;
    const auto claims = claims_of(employees);
    for (const auto& [id, of_one_id] : claims) check_exclusion(id, of_one_id, violations);
    const auto unseen = unseen_claims(claims, history);
    for (const auto& operation : history.operations) {
        if (operation.status != conflict || operation.outcome != Outcome::refused) continue;
        if (operation.foreign || touches_grace(history, operation)) continue;
        const auto lost = unseen.find(operation.value.employee_id());
        if (lost != unseen.end() && lost->second < operation.end) continue;
        const auto found = claims.find(operation.value.employee_id());
        static const std::vector<Claim> none;
        const auto& of_one_id = found == claims.end() ? none : found->second;
        if (can_be_owned(of_one_id, operation)) continue;
        violations.push_back(unexplained(of_one_id, operation));
    }
    return violations;
}

}  // namespace larder::coherence
