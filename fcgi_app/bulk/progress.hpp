#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "bulk/import_request.hpp"

namespace larder::bulk {

/// How far an import is, as text for an operator: rows, rows a second, rows that failed, and the
/// time left, if it is known how many bytes there are. Pure but for the clock that is given.
std::string progress_text(const ImportCounts& counts, std::chrono::duration<double> elapsed,
                          std::uint64_t bytes_read, std::uint64_t bytes);

/// Shows it on the standard error: on a terminal a line that is written over several times a
/// second, else a new one every ten seconds. For one thread.
class Progress {
public:
    /// `bytes`: of the whole file; 0: not known.
    explicit Progress(std::uint64_t bytes);

    void show(const ImportCounts& counts, std::uint64_t bytes_read);
    /// Ends the line on a terminal, if there is one.
    void end();

private:
    using Clock = std::chrono::steady_clock;

    const std::uint64_t bytes_;
    const bool is_terminal_;
    const Clock::time_point start_ = Clock::now();
    Clock::time_point next_;
    bool has_line_ = false;
};

}  // namespace larder::bulk
