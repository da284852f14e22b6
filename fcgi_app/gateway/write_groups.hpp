#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "gateway/connection.hpp"
#include "gateway/plan.hpp"

namespace larder {

/// The writes of a worker that may share a transaction (records/group.hpp), by resource, until a
/// store thread takes them. Few groups are at work at once, so that under load they grow: whoever
/// comes while they flush to disk goes with the next one. Any thread.
class WriteGroups {
public:
    struct Write {
        Connection* connection;
        Plan plan;
    };

    /// Gives whether the caller has to see to it that somebody takes a group of this resource.
    bool add(Write write);

    /// The next group, in the order in which its writes came; empty if another was faster.
    std::vector<Write> take(const Resource& resource);

    /// To be called after a group was written. Gives whether there is another one to take.
    bool done(const Resource& resource);

private:
    struct Line {
        std::deque<Write> waiting;
        std::size_t at_work = 0;  // groups
    };

    std::mutex mutex_;
    std::unordered_map<const Resource*, Line> lines_;
};

}  // namespace larder
