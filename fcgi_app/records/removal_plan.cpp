#include "records/removal_plan.hpp"

#include <algorithm>
#include <string_view>

#include "records/services.hpp"

namespace larder {

namespace {

class Planner {
public:
    explicit Planner(const std::deque<Collection>& all) : all_(all) {}

    RemovalPlan plan(const Collection& root) {
        std::vector<const Collection*> reached = {&root};
        for (std::size_t i = 0; i < reached.size(); ++i) {
            for (const Referrer& referrer : reached[i]->resource.referrers) {
                const Collection* from = find(referrer.resource);
                const bool is_new = std::ranges::find(reached, from) == reached.end();
                if (referrer.on_delete == OnDelete::cascade && is_new) reached.push_back(from);
            }
        }
        while (!reached.empty()) {
            const auto next = next_of(reached);
            place(**next);
            reached.erase(next);
        }
        for (std::size_t to = 0; to < plan_.removed.size(); ++to) add_cleared(to);
        return std::move(plan_);
    }

private:
    using Reached = std::vector<const Collection*>;

    const Collection* find(std::string_view name) const {
        return &*std::ranges::find_if(
            all_, [&](const Collection& one) { return one.resource.name == name; });
    }

    /// Whether a collection has a reference of this kind to another of `reached`.
    bool refers(const Collection& from, const Reached& reached, OnDelete on_delete) const {
        return std::ranges::any_of(from.resource.fields, [&](const Field& field) {
            const Reference* reference = field.reference();
            if (reference == nullptr || reference->on_delete != on_delete) return false;
            const Collection* to = find(reference->to);
            return to != &from && std::ranges::find(reached, to) != reached.end();
        });
    }

    /// The next in the order: what refers to it by `cascade` comes later, and, as far as there is
    /// such an order, what refers to it by `restrict` too, for it is removed first then.
    Reached::iterator next_of(Reached& reached) const {
        const auto is_free = [&](const Collection* one) {
            return !refers(*one, reached, OnDelete::cascade);
        };
        const auto best = std::ranges::find_if(reached, [&](const Collection* one) {
            return is_free(one) && !refers(*one, reached, OnDelete::restrict);
        });
        return best != reached.end() ? best : std::ranges::find_if(reached, is_free);
    }

    void place(const Collection& collection) {
        RemovalPlan::Removed removed{.collection = &collection, .because_of = {}};
        for (const Field& field : collection.resource.fields) {
            const Reference* reference = field.reference();
            if (reference == nullptr || reference->on_delete != OnDelete::cascade) continue;
            const auto to = std::ranges::find(plan_.removed, find(reference->to),
                                              &RemovalPlan::Removed::collection);
            if (to == plan_.removed.end()) continue;
            removed.because_of.push_back(
                {.field = &field, .to = static_cast<std::size_t>(to - plan_.removed.begin())});
        }
        plan_.removed.push_back(std::move(removed));
        note(&collection);
    }

    void add_cleared(std::size_t to) {
        for (const Referrer& referrer : plan_.removed[to].collection->resource.referrers) {
            if (referrer.on_delete != OnDelete::clear) continue;
            const Collection* from = find(referrer.resource);
            plan_.cleared.push_back(
                {.collection = from,
                 .reference = {.field = from->resource.find_field(referrer.field), .to = to}});
            note(from);
        }
    }

    void note(const Collection* changed) {
        if (std::ranges::find(plan_.collections, changed) == plan_.collections.end()) {
            plan_.collections.push_back(changed);
        }
    }

    const std::deque<Collection>& all_;
    RemovalPlan plan_;
};

}  // namespace

RemovalPlan plan_removal(const Collection& collection, const std::deque<Collection>& all) {
    return Planner(all).plan(collection);
}

}  // namespace larder
