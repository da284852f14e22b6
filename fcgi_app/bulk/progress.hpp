#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "bulk/import_request.hpp"

namespace larder::bulk {

/// How far an import is, as text for an operator: rows, rows a second, rows that failed, and the
/// time left, if it is known how many bytes there are. Pure but for the clock that is given.
std::string progress_text(const ImportCounts& counts, std::chrono::duration<double> elapsed,
                          std::uint64_t bytes_read, std::uint64_t bytes);

/// A text on the standard error: on a terminal a line that is written over several times a second,
/// else a new one every ten seconds. For one thread.
class ProgressLine {
public:
    using Elapsed = std::chrono::duration<double>;  ///< since it was made

    ProgressLine();

    /// Asks for the text if it is time for one.
    void show(const std::function<std::string(Elapsed)>& text);
    /// Ends the line on a terminal, if there is one.
    void end();

private:
    using Clock = std::chrono::steady_clock;

    const bool is_terminal_;
    const Clock::time_point start_ = Clock::now();
    Clock::time_point next_;
    bool has_line_ = false;
};

/// Shows how far an import is. For one thread.
class Progress {
public:
    /// `bytes`: of the whole file; 0: not known.
    explicit Progress(std::uint64_t bytes) : bytes_(bytes) {}

    void show(const ImportCounts& counts, std::uint64_t bytes_read);
    void end() { line_.end(); }

private:
    const std::uint64_t bytes_;
    ProgressLine line_;
};

}  // namespace larder::bulk
