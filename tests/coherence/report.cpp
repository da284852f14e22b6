#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ostream>

namespace larder::coherence {
namespace {

constexpr std::array action_names = {"create", "update", "remove", "read", "list", "clear"};
constexpr std::array outcome_names = {"ok", "refused", "unknown"};
constexpr std::array cache_names = {"", " HIT", " MISS", " BYPASS"};

template <class Enumeration>
std::size_t index_of(Enumeration value) {
    return static_cast<std::size_t>(value);
}

std::string name_of(const Operation& operation) {
    return std::string(name_of(operation.resource)) + ' ' +
           action_names[index_of(operation.action)];
}

std::string milliseconds_since(Time origin, Time time) {
    if (time == never) return "        never";
    return fmt::format("{:13.3f}", static_cast<double>(time - origin) / 1e6);
}

std::string what_of(const Operation& operation, const RecordTable& records) {
    std::string text = operation.record == no_record ? name_of(operation.resource).data()
                                                     : records.path_of(operation.record);
    if (operation.action == Action::list) {
        text += operation.list == ListKind::high_salary ? "/high-salary" : "";
        text += operation.list == ListKind::employee_id
                    ? "?employee_id=" + employee_id_text(operation.value.employee_id())
                    : "";
        text += " (" + std::to_string(operation.entries.size()) + " records)";
    } else {
        text += ' ' + to_string(operation.value);
    }
    if (operation.expected.present()) text += " if " + to_string(operation.expected);
    return text;
}

struct Tally {
    std::array<std::size_t, outcome_names.size()> outcomes{};
    std::array<std::size_t, cache_names.size()> caches{};
};

}  // namespace

void print_violation(std::ostream& out, const Violation& violation, const RecordTable& records,
                     Time origin) {
    out << "violation: " << violation.what << '\n';
    for (const auto& operation : violation.proof) {
        out << fmt::format(
            "  {} {}  {:<7} {}{}{} -> {} {}{}\n", milliseconds_since(origin, operation.start),
            milliseconds_since(origin, operation.end), action_names[index_of(operation.action)],
            what_of(operation, records),
            operation.foreign    ? " (SQL)"
            : operation.imported ? " (import)"
                                 : "",
            operation.value_by_etag ? " (HEAD)" : "", outcome_names[index_of(operation.outcome)],
            operation.status, cache_names[index_of(operation.cache)]);
        for (const auto& entry : operation.entries) {
            const bool concerned = std::ranges::any_of(
                violation.proof,
                [&](const Operation& other) { return other.record == entry.record; });
            if (!concerned) continue;
            out << fmt::format("{:31}{} {}\n", "", records.path_of(entry.record),
                               to_string(entry.value));
        }
    }
}

void print_operations(std::ostream& out, const History& history, Time origin) {
    std::map<std::string, Tally> tallies;
    Time last = origin;
    for (const auto& operation : history.operations) {
        auto& tally = tallies[name_of(operation) + (operation.foreign    ? " (SQL)"
                                                    : operation.imported ? " (import)"
                                                                         : "")];
        ++tally.outcomes[index_of(operation.outcome)];
        ++tally.caches[index_of(operation.cache)];
        if (operation.end != never) last = std::max(last, operation.end);
    }
    const double seconds = static_cast<double>(last - origin) / 1e9;
    out << fmt::format("operations: {} in {:.1f} s, {:.0f} per second\n", history.operations.size(),
                       seconds, static_cast<double>(history.operations.size()) / seconds);
    out << fmt::format("  {:<26}{:>9}{:>9}{:>9}{:>11}\n", "", "ok", "refused", "unknown",
                       "hit ratio");
    for (const auto& [name, tally] : tallies) {
        const auto reads = tally.caches[1] + tally.caches[2] + tally.caches[3];
        const auto ratio = reads == 0 ? std::string()
                                      : fmt::format("{:.3f}", static_cast<double>(tally.caches[1]) /
                                                                  static_cast<double>(reads));
        out << fmt::format("  {:<26}{:>9}{:>9}{:>9}{:>11}\n", name, tally.outcomes[0],
                           tally.outcomes[1], tally.outcomes[2], ratio);
    }
}

Time known_at(const Violation& violation) {
    Time last = 0;
    for (const auto& operation : violation.proof) {
        last = std::max(last, operation.end == never ? operation.start : operation.end);
    }
    return last;
}

}  // namespace larder::coherence
