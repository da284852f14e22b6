#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace larder::coherence {

struct RunOptions {
    unsigned seconds = 60;
    unsigned threads = 16;
    unsigned importers = 2;
    std::uint64_t seed = 1;
    unsigned rude = 0;                ///< rude clients all the time
    std::vector<std::string> faults;  ///< names of fault_names()
    bool until_violation = false;     ///< end at the first violation
};

struct ExactlyOnceOptions {
    std::size_t posts = 100000;
    unsigned threads = 32;
    std::uint64_t seed = 1;
    std::vector<std::string> faults;
};

/// Sends POSTs with keys, each until it is answered, while faults strike, and counts the records.
/// Returns the number of findings and unasked deaths. Throws as `run` does.
std::size_t run_exactly_once(const ExactlyOnceOptions& options);

/// Starts a stack, lets clients and faults loose on it, checks what the clients saw, and prints a
/// summary. Returns the number of violations, unasked deaths and wrong answers to rude clients.
/// Throws std::runtime_error if a server could not be started.
std::size_t run(const RunOptions& options);

}  // namespace larder::coherence
