#pragma once

#include <chrono>
#include <vector>

#include "server/connection.hpp"

namespace larder {

/// What the loop serves requests with. All calls come from the loop thread, and none may wait.
class Handler {
public:
    virtual ~Handler() = default;

    /// A request has come; its connection is `batched`. It is answered or lent by the end of the
    /// batch.
    virtual void take(Connection& connection) = 0;

    /// Ends the batch. Appends the connections that nothing holds any more to `done`: those that
    /// were answered here, and those that are gone.
    virtual void end_batch(std::vector<Connection*>& done) = 0;

    /// A descriptor that is readable when `collect` has something to do.
    virtual int wake_descriptor() const = 0;

    /// No more connections come. What takes long is to be brought to an end.
    virtual void drain() {}

    /// Appends the connections that other threads have answered. It may put others into the batch.
    virtual void collect(std::vector<Connection*>& done) = 0;

    /// What the clock asks for: called about ten times a second while `needs_tick`.
    virtual bool needs_tick() const = 0;
    virtual void tick(std::chrono::steady_clock::time_point now) = 0;
};

}  // namespace larder
