#pragma once

#include <boost/test/unit_test.hpp>

#include "check.hpp"

namespace larder::coherence {

inline constexpr RecordNumber alice = 0;
inline constexpr RecordNumber bob = 1;
inline constexpr RecordNumber parent = 2;
inline constexpr unsigned id_1 = 1;

inline Value value(std::uint64_t n, unsigned employee_id = 0, bool high = false) {
    return Value::make(n, employee_id, high);
}

/// A history made by hand; times are small numbers.
struct Story {
    History history;

    Operation& add(Time start, Time end, Action action, RecordNumber record, Value of = absent) {
        Operation operation;
        operation.start = start;
        operation.end = end;
        operation.action = action;
        operation.outcome = end == never ? Outcome::unknown : Outcome::ok;
        operation.status = end == never ? 502 : 200;
        operation.record = record;
        operation.value = of;
        return history.operations.emplace_back(operation);
    }
    Operation& create(Time start, Time end, RecordNumber record, Value of) {
        return add(start, end, Action::create, record, of);
    }
    /// A child (or a link) of `parent`.
    Operation& create_child(Time start, Time end, RecordNumber record, Value of,
                            Resource resource = Resource::children) {
        auto& operation = create(start, end, record, of);
        operation.parent = parent;
        operation.resource = resource;
        return operation;
    }
    Operation& update(Time start, Time end, RecordNumber record, Value of) {
        return add(start, end, Action::update, record, of);
    }
    Operation& read(Time start, Time end, RecordNumber record, Value of) {
        return add(start, end, Action::read, record, of);
    }
    Operation& remove(Time start, Time end, RecordNumber record) {
        return add(start, end, Action::remove, record);
    }
    Operation& refuse(Operation& operation, int status) {
        operation.outcome = Outcome::refused;
        operation.status = status;
        return operation;
    }
    Operation& gone(Time start, Time end, RecordNumber record) {
        return refuse(add(start, end, Action::read, record), 404);
    }
    Operation& list(Time start, Time end, std::vector<ListEntry> entries,
                    ListKind kind = ListKind::all) {
        auto& operation = add(start, end, Action::list, no_record);
        operation.entries = std::move(entries);
        operation.list = kind;
        return operation;
    }

    [[nodiscard]] std::size_t violations(Scope scope = Scope::together) const {
        const auto found = check(history, scope);
        for (const auto& violation : found) BOOST_TEST_MESSAGE(violation.what);
        return found.size();
    }
};

}  // namespace larder::coherence
