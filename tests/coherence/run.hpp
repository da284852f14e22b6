#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace larder::coherence {

struct RunOptions {
    unsigned seconds = 60;
    unsigned threads = 16;
    std::uint64_t seed = 1;
    unsigned rude = 0;                ///< rude clients all the time
    std::vector<std::string> faults;  ///< names of fault_names()
    bool until_violation = false;     ///< end at the first violation
};

/// Starts a stack, lets clients and faults loose on it, checks what the clients saw, and prints a
/// summary. Returns the number of violations, unasked deaths and wrong answers to rude clients.
/// Throws std::runtime_error if a server could not be started.
std::size_t run(const RunOptions& options);

}  // namespace larder::coherence
