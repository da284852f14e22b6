#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "file.hpp"

namespace larder {

/// One number of one series. Relaxed order throughout: numbers say nothing about each other.
using MetricCell = std::atomic<std::uint64_t>;

/// The file RUN_DIR/metrics. Each process adds to cells of its own, so that no two of them wait for
/// a cache line; the total is the sum. The names of the series stand in the file, so a new resource
/// or metric needs no other layout, and an old and a new program share the file. It is sparse: a
/// page takes memory once something in it was counted.
struct MetricsLayout {
    static constexpr std::uint64_t current_layout = 1;
    static constexpr std::size_t most_series = 8192;
    static constexpr std::size_t most_processes = 512;

    struct Series {
        std::atomic<std::uint32_t> is_named;  ///< the name is complete
        std::array<char, 188> name;           ///< `family{label="value"}`
    };
    struct Cells {
        std::array<MetricCell, most_series> values;
    };
    /// What nginx has answered by itself, as far as its log was counted: see answer_log.hpp.
    struct AnswerCount {
        MetricCell inode;
        MetricCell offset;
        Cells cells;
    };

    std::atomic<std::uint64_t> layout;
    std::atomic<std::uint64_t> series_taken;
    std::atomic<std::uint64_t> answer_turn;  ///< its lowest bit says which of `answers` is valid
    std::array<std::atomic<std::uint8_t>, most_processes> was_used;
    std::array<Series, most_series> series;
    std::array<Cells, most_processes> processes;
    std::array<AnswerCount, 2> answers;
};
static_assert(MetricCell::is_always_lock_free);

/// A process's place in the metrics of its host. What it has counted stays when it ends, however it
/// ends: the place then goes to another process, which counts on. Any thread.
class MetricsMemory {
public:
    /// Maps the file in `run_dir` (which must exist) and takes a place. A file of another layout is
    /// replaced; what other processes still count in the old file is never shown. Fails with a
    /// message for the operator.
    static std::expected<std::unique_ptr<MetricsMemory>, std::string> open(
        const std::string& run_dir);
    ~MetricsMemory();
    MetricsMemory(const MetricsMemory&) = delete;
    MetricsMemory& operator=(const MetricsMemory&) = delete;

    /// This process's cell of a series, which is made if it is new. The search looks at all names,
    /// so keep the reference. If no name is left or this one is too long, the cell is never shown.
    MetricCell& cell(std::string_view series);

    /// The totals of all series. Where `is_gauge` says so of a name, only of processes that live.
    using Totals = std::map<std::string, std::uint64_t, std::less<>>;
    Totals totals(const std::function<bool(std::string_view)>& is_gauge) const;

    /// How far nginx's log of answers was counted (answer_log.hpp).
    struct AnswerPosition {
        std::uint64_t inode = 0;
        std::uint64_t offset = 0;
    };
    AnswerPosition answer_position() const;

    /// Adds `counted` to the totals and moves the position, both or, if this process is killed,
    /// neither. For one caller of the host at a time.
    void add_answers(AnswerPosition position, const Totals& counted);

private:
    MetricsMemory(MetricsLayout& layout, File file);

    void take_place();
    bool is_alive(std::size_t place) const;
    std::size_t series_count() const;
    std::size_t index_of(std::string_view series);
    std::vector<std::uint64_t> answers(std::size_t count) const;

    MetricsLayout& layout_;
    const File file_;  // has the lock on the place, until the process ends
    std::size_t place_ = MetricsLayout::most_processes - 1;
    MetricCell nowhere_{};
};

}  // namespace larder
