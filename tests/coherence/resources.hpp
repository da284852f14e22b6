#pragma once

#include <iosfwd>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "../support/stack.hpp"

namespace larder::coherence {

/// Measures every second how many descriptors the workers have and how much memory is resident, to
/// see whether either grows. Workers that faults end count until then.
class Resources {
public:
    /// `stack` must outlive this.
    explicit Resources(const test::Stack& stack);

    /// Ends measuring and prints, for each quarter of the time, the medians of the largest worker.
    /// They are flat if the last quarter is at most a quarter above the second; in the first one
    /// caches fill.
    void report(std::ostream& out);

private:
    struct Sample {
        std::size_t memory;  // KiB
        std::size_t descriptors;
    };

    void run(const std::stop_token& stop);
    [[nodiscard]] Sample median(std::size_t quarter) const;

    const test::Stack& stack_;
    std::vector<Sample> samples_;  // of the thread, and of its owner once it has ended
    std::jthread thread_;
};

}  // namespace larder::coherence
