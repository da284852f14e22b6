#include "record_events.hpp"

#include <algorithm>
#include <unordered_map>

namespace larder::coherence {
namespace {

constexpr int precondition_failed = 412;
constexpr int not_found = 404;

struct EtagKey {
    RecordNumber record;
    std::uint64_t etag;
    bool operator==(const EtagKey&) const = default;
};

struct EtagHash {
    std::size_t operator()(const EtagKey& key) const noexcept {
        return std::hash<std::uint64_t>()(key.etag ^ (std::uint64_t{key.record} << 32U));
    }
};

bool is_write(const Operation& operation) {
    return operation.action == Action::create || operation.action == Action::update;
}

/// Removals that may have happened, of one record.
struct Removals {
    std::vector<const Operation*> done;
    std::vector<const Operation*> uncertain;
};

class Gatherer {
public:
    Gatherer(const History& history, Scope scope) : history_(history), scope_(scope) {}

    Gathered run() {
        index_values_and_etags();
        for (const auto& operation : history_.operations) add(operation);
        bind_creations();
        end_together();
        complete_links();
        for (RecordNumber record = 0; record < gathered_.records.size(); ++record) {
            drop_early_absences(record);
            add_removal(record);
        }
        index_lists();
        for (RecordNumber record = 0; record < gathered_.records.size(); ++record) {
            add_absences(record);
            end_life(record);
        }
        return std::move(gathered_);
    }

private:
    void index_values_and_etags() {
        RecordNumber count = 0;
        const auto count_record = [&](RecordNumber record) {
            if (record != no_record) count = std::max(count, record + 1);
        };
        for (const auto& operation : history_.operations) {
            count_record(operation.record);
            for (const auto& entry : operation.entries) count_record(entry.record);
            count_record(operation.parent);
            if (is_write(operation)) writes_.emplace(operation.value, &operation);
            if (operation.etag != 0 && operation.value.present()) note_etag(operation);
        }
        for (const auto& grace : history_.graces) count_record(grace.record);
        gathered_.records.resize(count);
        removals_.resize(count);
        graces_.resize(count);
        for (const auto& grace : history_.graces) graces_[grace.record].push_back(grace);
        parents_.assign(count, no_record);
        for (const auto& operation : history_.operations) {
            if (operation.record != no_record && operation.outcome != Outcome::refused) {
                note_parent(operation.record, operation);
            }
        }
    }

    /// A friend stays when its parent goes: the parent is that of its link.
    void note_parent(RecordNumber record, const Operation& creation) {
        if (creation.parent != no_record && creation.resource != Resource::friends) {
            parents_[record] = creation.parent;
        }
    }

    void note_etag(const Operation& operation) {
        const auto [found, is_new] =
            values_.try_emplace(EtagKey{operation.record, operation.etag}, operation.value);
        const auto [owner, first] = etags_.try_emplace(operation.value, &operation);
        if (!is_new && found->second != operation.value) {
            violate("two values with one ETag", {operation});
        } else if (!first && owner->second->etag != operation.etag) {
            violate("two ETags for one value", {*owner->second, operation});
        }
    }

    void violate(std::string what, std::vector<Operation> proof) {
        gathered_.violations.push_back({std::move(what), std::move(proof)});
    }

    RecordEvents& of(const Operation& operation) {
        auto& record = gathered_.records[operation.record];
        record.resource = operation.resource;
        return record;
    }

    void add(const Operation& operation) {
        if (operation.action == Action::list) return add_list(operation);
        if (operation.record == no_record) return;
        if (operation.status == not_found && operation.outcome == Outcome::refused) {
            return add_read(operation.record, operation, removed);
        }
        if (operation.action == Action::read) return add_single_read(operation);
        if (operation.resource == Resource::links) {
            of(operation);
            return;
        }
        if (is_write(operation)) return add_write(operation);
        if (operation.action == Action::remove) add_remove(operation);
    }

    void add_write(const Operation& operation) {
        const bool conditional = operation.expected.present();
        if (operation.outcome == Outcome::refused) {
            if (conditional && operation.status == precondition_failed) {
                exclude(operation.record, operation, operation.expected, Excluded::value);
            }
            return;
        }
        const bool done = operation.outcome == Outcome::ok;
        of(operation).events.push_back({.start = operation.start,
                                        .end = done ? operation.end : never,
                                        .value = operation.value,
                                        .write = true,
                                        .operation = &operation});
        if (!conditional || !done) return;
        add_event(operation.record, operation, operation.expected);
        const auto [first, is_new] = successors_.try_emplace(operation.expected, &operation);
        if (!is_new) {
            violate("a lost update: two writes succeeded on the condition of the same value",
                    {*first->second, operation});
        }
    }

    void add_remove(const Operation& operation) {
        auto& removals = removals_[operation.record];
        of(operation);
        if (operation.outcome == Outcome::ok) removals.done.push_back(&operation);
        if (operation.outcome == Outcome::unknown) removals.uncertain.push_back(&operation);
    }

    void add_single_read(const Operation& operation) {
        if (operation.outcome != Outcome::ok) return;
        Value value = operation.value;
        if (operation.value_by_etag) {
            const auto found = values_.find(EtagKey{operation.record, operation.etag});
            if (found == values_.end()) return;
            value = found->second;
        }
        add_read(operation.record, operation, value);
    }

    void add_list(const Operation& operation) {
        if (operation.outcome != Outcome::ok || scope_ == Scope::records) return;
        for (const auto& entry : operation.entries) {
            gathered_.records[entry.record].resource = operation.resource;
            add_event(entry.record, operation, entry.value);
        }
    }

    /// A read by the record's own path.
    void add_read(RecordNumber record, const Operation& operation, Value value) {
        gathered_.records[record].resource = operation.resource;
        if (scope_ == Scope::lists && operation.action == Action::read) return;
        add_event(record, operation, value);
    }

    void add_event(RecordNumber record, const Operation& operation, Value value) {
        if (in_grace(record, operation)) return;
        gathered_.records[record].events.push_back(
            {operation.start, operation.end, value, false, &operation});
    }

    void exclude(RecordNumber record, const Operation& operation, Value value, Excluded excluded) {
        if (in_grace(record, operation)) return;
        gathered_.records[record].exclusions.push_back(
            {{operation.start, operation.end, value, false, &operation}, excluded});
    }

    /// What was written past the workers to a parent concerns those that refer to it.
    [[nodiscard]] bool in_grace(RecordNumber record, const Operation& operation) const {
        const bool own = std::ranges::any_of(graces_[record], [&](const Grace& grace) {
            return !operation.foreign && operation.start <= grace.end &&
                   operation.end >= grace.start;
        });
        return own || (parents_[record] != no_record && in_grace(parents_[record], operation));
    }

    /// Gives the creations whose answer names no ID, or did not come, to the records that show
    /// their values.
    void bind_creations() {
        std::unordered_map<const Operation*, RecordNumber> bound;
        for (RecordNumber record = 0; record < gathered_.records.size(); ++record) {
            auto& events = gathered_.records[record].events;
            for (std::size_t i = 0; i < events.size(); ++i) {
                const Event event = events[i];
                const auto write = writes_.find(event.value);
                if (event.write || write == writes_.end()) continue;
                const Operation& creation = *write->second;
                if (creation.action != Action::create || creation.record != no_record) continue;
                if (creation.outcome == Outcome::refused) continue;
                const auto [first, is_new] = bound.try_emplace(&creation, record);
                if (is_new) {
                    const bool done = creation.outcome == Outcome::ok;
                    events.push_back({creation.start, done ? creation.end : never, event.value,
                                      true, &creation});
                    note_parent(record, creation);
                } else if (first->second != record) {
                    violate("one creation made two records", {creation, *event.operation});
                }
            }
        }
    }

    /// As soon as one of the writes that take effect together is seen, all of them are in force.
    void end_together() {
        std::unordered_map<std::uint32_t, Time> seen;
        for (const auto& record : gathered_.records) {
            for (const auto& event : record.events) {
                const auto write = event.write ? writes_.end() : writes_.find(event.value);
                if (write == writes_.end() || write->second->together == 0) continue;
                const auto [first, is_new] = seen.try_emplace(write->second->together, event.end);
                first->second = std::min(first->second, event.end);
            }
        }
        if (seen.empty()) return;
        for (auto& record : gathered_.records) {
            for (auto& event : record.events) {
                if (!event.write || event.operation == nullptr) continue;
                const auto first = seen.find(event.operation->together);
                if (first != seen.end()) event.end = std::min(event.end, first->second);
            }
        }
    }

    /// The parent of a record whose creation had no answer is known only now. A link is there from
    /// the beginning, as far as anybody can see; without its parent nothing can be said of it.
    void complete_links() {
        for (RecordNumber record = 0; record < gathered_.records.size(); ++record) {
            auto& [resource, events, exclusions] = gathered_.records[record];
            if (parents_[record] != no_record) {
                std::erase_if(events, [&](const Event& event) {
                    return !event.write && in_grace(record, *event.operation);
                });
            }
            if (resource != Resource::links) continue;
            if (parents_[record] == no_record) events.clear();
            if (!events.empty()) events.push_back({0, never, linked, true, nullptr});
        }
    }

    /// When the record surely was there: the first end of an operation that shows it.
    [[nodiscard]] Time created(RecordNumber record) const {
        Time first = never;
        for (const auto& event : gathered_.records[record].events) {
            if (event.value != removed) first = std::min(first, event.end);
        }
        return first;
    }

    /// Until then its absence is that of a record which is not there yet, or never will be.
    void drop_early_absences(RecordNumber record) {
        const Time first = created(record);
        std::erase_if(gathered_.records[record].events, [&](const Event& event) {
            return event.value == removed && event.start <= first;
        });
    }

    /// With a parent its children are removed, and its links.
    void add_removal(RecordNumber record) {
        const auto& own = removals_[record];
        if (own.done.size() > 1) violate("removed twice", {*own.done[0], *own.done[1]});
        auto done = own.done;
        auto possible = own.uncertain;
        if (done.empty() && parents_[record] != no_record) {
            const auto& above = removals_[parents_[record]];
            done = above.done;
            std::ranges::copy(above.uncertain, std::back_inserter(possible));
            std::ranges::copy(done, std::back_inserter(possible));
        }
        if (done.empty() && possible.empty()) return;
        const Operation& removal =
            own.done.empty() ? *std::ranges::min(possible, {}, &Operation::start) : *own.done[0];
        gathered_.records[record].events.push_back(
            {removal.start, done.empty() ? never : done[0]->end, removed, true, &removal});
    }

    /// Nothing follows a removal that was seen or acknowledged, as if it were read at the end of
    /// time.
    void end_life(RecordNumber record) {
        auto& events = gathered_.records[record].events;
        const bool certain = std::ranges::any_of(events, [](const Event& event) {
            return event.value == removed && event.end != never;
        });
        if (certain) events.push_back({never, never, removed, false, nullptr});
    }

    void index_lists() {
        if (scope_ == Scope::records) return;
        for (const auto& operation : history_.operations) {
            if (operation.action != Action::list || operation.outcome != Outcome::ok) continue;
            if (operation.list == ListKind::part) continue;
            lists_[static_cast<std::size_t>(operation.resource)].push_back(&operation);
        }
        for (auto& lists : lists_) std::ranges::sort(lists, {}, &Operation::start);
    }

    /// A list without the record counts if the record was surely created before the list was asked
    /// for, and was not surely removed by then.
    void add_absences(RecordNumber record) {
        const Time first = created(record);
        if (first == never) return;
        const auto& [resource, events, exclusions] = gathered_.records[record];
        Time gone = never;
        for (const auto& event : events) {
            if (event.value == removed) gone = std::min(gone, event.end);
        }
        const auto& lists = lists_[static_cast<std::size_t>(resource)];
        for (auto list = std::ranges::upper_bound(lists, first, {}, &Operation::start);
             list != lists.end() && (*list)->start < gone; ++list) {
            if (std::ranges::binary_search((*list)->entries, record, {}, &ListEntry::record)) {
                continue;
            }
            if ((*list)->list == ListKind::high_salary) {
                exclude(record, **list, {}, Excluded::high_salary);
            } else if ((*list)->list == ListKind::employee_id) {
                exclude(record, **list, (*list)->value, Excluded::employee_id);
            } else {
                add_event(record, **list, removed);
            }
        }
    }

    const History& history_;
    Scope scope_;
    Gathered gathered_;
    std::unordered_map<Value, const Operation*> writes_;
    std::unordered_map<Value, const Operation*> successors_;  // of a value, by If-Match
    std::unordered_map<EtagKey, Value, EtagHash> values_;
    std::unordered_map<Value, const Operation*> etags_;
    std::vector<Removals> removals_;
    std::vector<std::vector<Grace>> graces_;
    std::vector<RecordNumber> parents_;  // of each record; no_record: none, or not known
    std::array<std::vector<const Operation*>, resource_kinds> lists_;
};

}  // namespace

Gathered gather(const History& history, Scope scope) { return Gatherer(history, scope).run(); }

}  // namespace larder::coherence
