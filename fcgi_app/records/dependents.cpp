#include "records/dependents.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "records/effects.hpp"
#include "records/fenced_commit.hpp"

namespace larder {

namespace {

using Clock = std::chrono::steady_clock;
using Ids = std::vector<std::string>;

/// The steps of one removal. A step that fails ends it.
class Removal {
public:
    Removal(Transaction& transaction, FencedCommit& commit, const RemovalPlan& plan,
            const std::string& id, Clock::time_point deadline)
        : transaction_(transaction),
          commit_(commit),
          plan_(plan),
          deadline_(deadline),
          ids_(plan.removed.size()) {
        ids_.front() = {id};
    }

    Expected<void> run() {
        for (std::size_t at = 1; at < plan_.removed.size(); ++at) {
            if (auto found = find(at); !found) return found;
        }
        // Before the removals, so that records that are removed do not hold up each other.
        for (const RemovalPlan::Cleared& cleared : plan_.cleared) {
            if (auto done = clear(cleared); !done) return done;
        }
        for (std::size_t at = plan_.removed.size(); at-- > 0;) {
            if (auto done = remove(at); !done) return done;
        }
        return {};
    }

private:
    Expected<Rows> change(const Statement& statement) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now());
        return transaction_.also(statement, std::max(left, short_lock_wait));
    }

    /// Locks the records that are removed with those above them.
    Expected<void> find(std::size_t at) {
        std::vector<Statements::Referring> referring;
        for (const auto& [field, to] : plan_.removed[at].because_of) {
            if (!ids_[to].empty()) referring.push_back({.field = field, .ids = &ids_[to]});
        }
        if (referring.empty()) return {};
        auto rows = change(plan_.removed[at].collection->statements.lock_referring(referring));
        if (!rows) return std::unexpected(std::move(rows.error()));
        for (Row& row : *rows) ids_[at].push_back(std::move(*row[0]));
        return {};
    }

    Expected<void> clear(const RemovalPlan::Cleared& cleared) {
        const auto& [field, to] = cleared.reference;
        if (ids_[to].empty()) return {};
        const Collection& collection = *cleared.collection;
        auto rows = change(collection.statements.clear({.field = field, .ids = &ids_[to]}));
        if (!rows) return std::unexpected(std::move(rows.error()));
        const auto& sources = collection.statements.tag_sources();
        for (Row& row : *rows) {
            const auto after_tags = tag_values(row, row.size() - sources.size(), sources);
            row.resize(row.size() - sources.size());
            const RowImage before = removed_image(collection, row);
            RowImage after = before;
            after.tag_values = after_tags;
            std::size_t at = 0;
            for (const Field& one : collection.resource.fields) {
                if (&one == field && one.unique) after.unique_values[at] = std::nullopt;
                if (one.unique) ++at;
            }
            commit_.add_unlocked(collection, &before, &after);
        }
        return {};
    }

    Expected<void> remove(std::size_t at) {
        if (ids_[at].empty()) return {};
        const Collection& collection = *plan_.removed[at].collection;
        auto rows = change(collection.statements.remove_all(ids_[at]));
        if (!rows) return std::unexpected(std::move(rows.error()));
        for (const Row& row : *rows) {
            const RowImage before = removed_image(collection, row);
            commit_.add_unlocked(collection, &before, nullptr);
        }
        return {};
    }

    Transaction& transaction_;
    FencedCommit& commit_;
    const RemovalPlan& plan_;
    Clock::time_point deadline_;
    std::vector<Ids> ids_;  // of the records to be removed, in the order of the plan
};

}  // namespace

Expected<void> remove_with_dependents(Transaction& transaction, FencedCommit& commit,
                                      const Collection& collection, const std::string& id,
                                      Clock::time_point deadline) {
    return Removal(transaction, commit, collection.removal, id, deadline).run();
}

}  // namespace larder
