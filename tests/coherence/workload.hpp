#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "hot_records.hpp"
#include "session.hpp"

namespace larder::coherence {

struct WorkloadOptions {
    unsigned threads = 16;
    std::uint64_t seed = 1;
    /// Operations per second of all threads together; 0: as many as the stack answers.
    unsigned rate = 0;
    std::string admin = {};  ///< a token that may clear the caches
};

/// Threads that write, read, list, create, remove and claim the hot records until stopped.
class Workload {
public:
    /// All that is handed in must outlive the workload.
    Workload(std::string base_url, RecordTable& records, Recorder& recorder, HotRecords& hot,
             WorkloadOptions options);

    /// Ends when all threads have finished their operations. The destructor does the same.
    void stop();

private:
    class Client;

    std::vector<std::jthread> threads_;
};

}  // namespace larder::coherence
