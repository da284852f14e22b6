#include "observe/metrics_memory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "file.hpp"

namespace larder {

namespace {

constexpr auto relaxed = std::memory_order_relaxed;

/// A lock on one byte of the file stands for a place. It belongs to the open file, so the kernel
/// frees it with the process.
struct flock lock_on(std::size_t place) {
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = static_cast<off_t>(place);
    lock.l_len = 1;
    return lock;
}

bool is_still_at(int fd, const std::string& path) {
    struct stat opened{};
    struct stat named{};
    return fstat(fd, &opened) == 0 && stat(path.c_str(), &named) == 0 &&
           opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

/// Whether the locked file has this layout; a new one, which is all zeros, gets it.
bool has_layout(MetricsLayout& layout, off_t size_before) {
    if (size_before != 0 && size_before != sizeof(MetricsLayout)) return false;
    if (layout.layout.load() == 0) layout.layout.store(MetricsLayout::current_layout);
    return layout.layout.load() == MetricsLayout::current_layout;
}

}  // namespace

std::expected<std::unique_ptr<MetricsMemory>, std::string> MetricsMemory::open(
    const std::string& run_dir) {
    const std::string path = run_dir + "/metrics";
    for (;;) {
        File file(path, O_RDWR | O_CREAT);
        if (!file.is_open()) return std::unexpected(file_failure(path));
        const int fd = file.descriptor();
        struct stat status{};
        void* memory = MAP_FAILED;
        if (flock(fd, LOCK_EX) == 0 && fstat(fd, &status) == 0 &&
            make_room(fd, sizeof(MetricsLayout))) {
            memory =
                mmap(nullptr, sizeof(MetricsLayout), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        }
        if (memory == MAP_FAILED) return std::unexpected(file_failure(path));
        auto& layout = *static_cast<MetricsLayout*>(memory);
        const bool is_named = is_still_at(fd, path);
        if (is_named && has_layout(layout, status.st_size)) {
            std::unique_ptr<MetricsMemory> opened(new MetricsMemory(layout, std::move(file)));
            flock(fd, LOCK_UN);
            return opened;
        }
        if (is_named) unlink(path.c_str());
        munmap(memory, sizeof(MetricsLayout));
    }
}

MetricsMemory::MetricsMemory(MetricsLayout& layout, File file)
    : layout_(layout), file_(std::move(file)) {
    take_place();
}

MetricsMemory::~MetricsMemory() { munmap(&layout_, sizeof(MetricsLayout)); }

void MetricsMemory::take_place() {
    // Where every place is taken, the last one is shared: counts are right all the same.
    for (std::size_t place = 0; place < MetricsLayout::most_processes; ++place) {
        struct flock lock = lock_on(place);
        if (fcntl(file_.descriptor(), F_OFD_SETLK, &lock) != 0) continue;
        place_ = place;
        break;
    }
    layout_.was_used[place_] = 1;
}

bool MetricsMemory::is_alive(std::size_t place) const {
    if (place == place_) return true;
    struct flock lock = lock_on(place);
    return fcntl(file_.descriptor(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

std::size_t MetricsMemory::series_count() const {
    return std::min<std::size_t>(layout_.series_taken.load(), MetricsLayout::most_series);
}

std::size_t MetricsMemory::index_of(std::string_view series) {
    for (std::size_t i = 0; i < series_count(); ++i) {
        const auto& known = layout_.series[i];
        if (known.is_named.load(std::memory_order_acquire) != 0 && series == known.name.data()) {
            return i;
        }
    }
    if (series.size() >= std::tuple_size_v<decltype(MetricsLayout::Series::name)> ||
        series_count() == MetricsLayout::most_series) {
        return MetricsLayout::most_series;
    }
    // Two that name the same series at the same moment make two of it; `totals` adds them up.
    const std::size_t index = layout_.series_taken.fetch_add(1);
    if (index >= MetricsLayout::most_series) return MetricsLayout::most_series;
    auto& added = layout_.series[index];
    std::ranges::copy(series, added.name.begin());
    added.is_named.store(1, std::memory_order_release);
    return index;
}

MetricCell& MetricsMemory::cell(std::string_view series) {
    const std::size_t index = index_of(series);
    if (index == MetricsLayout::most_series) return nowhere_;
    return layout_.processes[place_].values[index];
}

MetricsMemory::Totals MetricsMemory::totals(
    const std::function<bool(std::string_view)>& is_gauge) const {
    const std::size_t count = series_count();
    const auto from_nginx = answers(count);
    std::vector<std::pair<const MetricsLayout::Cells*, bool>> used;
    for (std::size_t i = 0; i < MetricsLayout::most_processes; ++i) {
        if (layout_.was_used[i] != 0) used.emplace_back(&layout_.processes[i], is_alive(i));
    }
    Totals totals;
    for (std::size_t i = 0; i < count; ++i) {
        const auto& series = layout_.series[i];
        if (series.is_named.load(std::memory_order_acquire) == 0) continue;
        std::uint64_t sum = from_nginx[i];
        const bool needs_life = is_gauge(series.name.data());
        for (const auto& [cells, lives] : used) {
            if (lives || !needs_life) sum += cells->values[i].load(relaxed);
        }
        totals[series.name.data()] += sum;
    }
    return totals;
}

/// nginx's answers as a whole of one moment: the copy that is valid is only written to again after
/// the other one has become valid.
std::vector<std::uint64_t> MetricsMemory::answers(std::size_t count) const {
    std::vector<std::uint64_t> values(count);
    for (;;) {
        const auto turn = layout_.answer_turn.load(std::memory_order_acquire);
        const auto& cells = layout_.answers[turn % 2].cells.values;
        for (std::size_t i = 0; i < count; ++i) values[i] = cells[i].load(relaxed);
        std::atomic_thread_fence(std::memory_order_acquire);
        if (layout_.answer_turn.load(relaxed) == turn) return values;
    }
}

MetricsMemory::AnswerPosition MetricsMemory::answer_position() const {
    const auto& valid = layout_.answers[layout_.answer_turn.load() % 2];
    return {.inode = valid.inode.load(relaxed), .offset = valid.offset.load(relaxed)};
}

void MetricsMemory::add_answers(AnswerPosition position, const Totals& counted) {
    const auto turn = layout_.answer_turn.load();
    const auto& before = layout_.answers[turn % 2];
    auto& after = layout_.answers[(turn + 1) % 2];
    std::atomic_thread_fence(std::memory_order_release);
    for (std::size_t i = 0; i < series_count(); ++i) {
        after.cells.values[i].store(before.cells.values[i].load(relaxed), relaxed);
    }
    for (const auto& [series, count] : counted) {
        const std::size_t index = index_of(series);
        if (index == MetricsLayout::most_series) continue;
        after.cells.values[index].fetch_add(count, relaxed);
    }
    after.inode.store(position.inode, relaxed);
    after.offset.store(position.offset, relaxed);
    layout_.answer_turn.store(turn + 1, std::memory_order_release);
}

}  // namespace larder
