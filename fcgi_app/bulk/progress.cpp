#include "bulk/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace larder::bulk {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds pause_on_terminal{200};
constexpr milliseconds pause_of_lines{10000};

std::string time_text(double seconds) {
    const auto whole = static_cast<std::int64_t>(std::ceil(seconds));
    if (whole < 60) return fmt::format("{} s", whole);
    if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
    return fmt::format("{}:{:02} h", whole / 3600, whole / 60 % 60);
}

}  // namespace

std::string progress_text(const ImportCounts& counts, std::chrono::duration<double> elapsed,
                          std::uint64_t bytes_read, std::uint64_t bytes) {
    const double seconds = std::max(elapsed.count(), 0.001);
    std::string text = fmt::format("{} rows, {:.0f} rows/s, {} failed", counts.all(),
                                   static_cast<double>(counts.all()) / seconds, counts.failed);
    if (bytes == 0 || bytes_read == 0) return text;
    const double part = std::min(1.0, static_cast<double>(bytes_read) / static_cast<double>(bytes));
    return text + fmt::format(", {:.0f} %, {} left", std::floor(part * 100),
                              time_text(seconds * (1 - part) / part));
}

ProgressLine::ProgressLine()
    : is_terminal_(isatty(STDERR_FILENO) == 1),
      next_(start_ + (is_terminal_ ? pause_on_terminal : pause_of_lines)) {}

void ProgressLine::show(const std::function<std::string(Elapsed)>& text) {
    const auto now = Clock::now();
    if (now < next_) return;
    next_ = now + (is_terminal_ ? pause_on_terminal : pause_of_lines);
    if (is_terminal_) {
        fmt::print(stderr, "\r\x1B[K{}", text(now - start_));
        std::fflush(stderr);
        has_line_ = true;
    } else {
        fmt::print(stderr, "larder-bulk: {}\n", text(now - start_));
    }
}

void Progress::show(const ImportCounts& counts, std::uint64_t bytes_read) {
    line_.show([&](ProgressLine::Elapsed elapsed) {
        return progress_text(counts, elapsed, bytes_read, bytes_);
    });
}

void ProgressLine::end() {
    if (has_line_) fmt::print(stderr, "\r\x1B[K");
    has_line_ = false;
}

}  // namespace larder::bulk
