#include "observe/answer_log.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <unordered_map>

#include "file.hpp"
#include "observe/metrics.hpp"

namespace larder {

namespace {

constexpr std::size_t chunk = 262144;
constexpr off_t page = 4096;

/// Equal lines come in long runs, so they are counted before they are understood.
using Lines = std::unordered_map<std::string, std::uint64_t>;

std::string path_in(const std::string& run_dir) { return run_dir + "/answers"; }

/// Adds up the complete lines of `text`; gives their length.
std::size_t add_lines(std::string_view text, Lines& lines) {
    std::size_t taken = 0;
    std::string_view last;
    std::uint64_t* count = nullptr;
    for (auto end = text.find('\n'); end != text.npos; end = text.find('\n', taken)) {
        const std::string_view line = text.substr(taken, end - taken);
        if (count == nullptr || line != last) count = &lines[std::string(line)];
        last = line;
        ++*count;
        taken = end + 1;
    }
    return taken;
}

std::string_view next_word(std::string_view& line) {
    const auto space = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, space);
    line.remove_prefix(std::min(space + 1, line.size()));
    return word;
}

/// How X-Cache calls it (nginx/list_maps.conf).
std::string_view result_of(std::string_view cache_status) {
    if (cache_status == "MISS" || cache_status == "EXPIRED") return "miss";
    if (cache_status.empty() || cache_status == "BYPASS") return "bypass";
    return "hit";
}

void count_line(std::string_view line, std::uint64_t count, MetricsMemory::Totals& totals) {
    const std::string_view method = next_word(line);
    const std::string_view path = next_word(line);
    const std::string_view status = next_word(line);
    const std::string_view cache = next_word(line);
    if (status.empty() || !line.empty()) return;
    const bool is_list = !path.starts_with("/.");
    const std::string_view result = result_of(cache);
    if (is_list && (method == "GET" || method == "HEAD")) {
        totals[series_name("larder_list_requests_total", {{"result", result}})] += count;
    }
    // Whatever is no hit has come from a worker, which has counted it.
    if (is_list && result != "hit") return;
    totals[series_name(
        "larder_http_requests_total",
        {{"route", is_list ? path : "unknown"}, {"method", method}, {"status", status}})] += count;
}

/// Counts from `offset` to the end of the last line, and moves `offset` there.
bool read_lines(int fd, std::uint64_t& offset, Lines& lines) {
    std::string buffer(chunk, '\0');
    for (;;) {
        const ssize_t count = pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(offset));
        if (count < 0) return false;
        const auto have = static_cast<std::size_t>(count);
        std::size_t taken = add_lines(std::string_view(buffer).substr(0, have), lines);
        if (taken == 0 && have == chunk) taken = have;  // no line of nginx's is so long
        if (taken == 0) return true;
        offset += taken;
    }
}

}  // namespace

std::expected<void, std::string> prepare_answer_log(const std::string& run_dir) {
    const std::string path = path_in(run_dir);
    const File log(path, O_RDWR | O_CREAT);
    if (!log.is_open()) return std::unexpected(file_failure(path));
    // When nginx opens its logs again it makes them its own; the group is left to this account, and
    // is not that of RUN_DIR. A file that is not this account's stays as it is.
    if (fchown(log.descriptor(), static_cast<uid_t>(-1), getegid()) == 0) {
        fchmod(log.descriptor(), 0660);
    }
    return {};
}

std::expected<void, std::string> count_answers(MetricsMemory& memory, const std::string& run_dir) {
    const std::string path = path_in(run_dir);
    const File log(path, O_RDWR);
    if (!log.is_open() && errno == ENOENT) return {};
    struct stat status{};
    if (!log.is_open() || fstat(log.descriptor(), &status) != 0)
        return std::unexpected(file_failure(path));
    if (flock(log.descriptor(), LOCK_EX | LOCK_NB) != 0) return {};
    auto position = memory.answer_position();
    if (position.inode != status.st_ino || std::cmp_greater(position.offset, status.st_size)) {
        position = {.inode = status.st_ino, .offset = 0};
    }
    const auto start = position.offset;
    Lines lines;
    if (!read_lines(log.descriptor(), position.offset, lines))
        return std::unexpected(file_failure(path));
    if (position.offset == start) return {};
    MetricsMemory::Totals counted;
    for (const auto& [line, count] : lines) count_line(line, count, counted);
    memory.add_answers(position, counted);
    const off_t done = static_cast<off_t>(position.offset) / page * page;
    if (done > 0 &&
        fallocate(log.descriptor(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, done) != 0) {
        return std::unexpected(file_failure(path));
    }
    return {};
}

}  // namespace larder
