#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "support/stack.hpp"

namespace larder::test {

/// Descriptors that a process has open; 0 if there is no such process.
inline std::size_t count_descriptors(int pid) {
    namespace fs = std::filesystem;
    std::error_code gone;
    fs::directory_iterator entries("/proc/" + std::to_string(pid) + "/fd", gone);
    return gone ? 0 : static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

/// Resident memory of a process in KiB; 0 if there is no such process.
inline std::size_t resident_memory(int pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
    }
    return 0;
}

}  // namespace larder::test
