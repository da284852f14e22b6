#pragma once

#include <mutex>
#include <vector>

#include "history.hpp"

namespace larder::coherence {

/// What was written past the workers, and when the feed could not follow. Any thread may call it.
class Disturbances {
public:
    /// How long the caches may take to follow a foreign write, and how long the feed to be back
    /// after a failure of what it depends on.
    static constexpr Time lag = nanoseconds(std::chrono::milliseconds(1000));
    static constexpr Time recovery = nanoseconds(std::chrono::seconds(5));

    /// Marks the time from construction to destruction.
    class Scope {
    public:
        explicit Scope(Disturbances& all);
        ~Scope();
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

    private:
        Disturbances& all_;
        std::size_t position_;
    };

    /// A foreign write of a record that began and ended, as far as its client knows, at these
    /// times.
    void wrote(Resource resource, RecordNumber record, Time start, Time end);

    /// The spans in which reads of the records that were written prove nothing, as known by now.
    [[nodiscard]] std::vector<Grace> graces() const;

private:
    struct Span {
        Time start;
        Time end;
    };

    mutable std::mutex mutex_;
    std::vector<Span> failures_;
    std::vector<Grace> writes_;
};

}  // namespace larder::coherence
