#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "catalog/resource.hpp"

namespace larder {

struct Collection;

/// What the removal of a record of a collection removes and changes besides, as the references of
/// the descriptions have it. Immutable after start; any thread.
struct RemovalPlan {
    /// References of a collection to one whose records are removed: `to` is its place in `removed`.
    struct Link {
        const Field* field;
        std::size_t to;
    };

    /// A collection of which records are removed: those with a reference to one of these.
    struct Removed {
        const Collection* collection;
        std::vector<Link> because_of;
    };
    /// The first is the collection itself. Each stands after all that its references lead to, so
    /// they are found in this order, and removed in the opposite one.
    std::vector<Removed> removed;

    /// References that become null.
    struct Cleared {
        const Collection* collection;
        Link reference;
    };
    std::vector<Cleared> cleared;

    /// All that may be changed, each once; the first is the collection itself.
    std::vector<const Collection*> collections;
};

/// The plan for a removal from `collection`, which is one of `all`.
RemovalPlan plan_removal(const Collection& collection, const std::deque<Collection>& all);

}  // namespace larder
