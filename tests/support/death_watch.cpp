#include "death_watch.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

namespace larder::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::array parts = {"postgresql", "redis", "worker", "feed", "nginx"};
constexpr auto interval = 100ms;

bool has_supervisor(std::string_view part) { return part == "worker" || part == "feed"; }

int open_pidfd(int pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

/// The status of a process that has ended, as wait() tells it; nothing if the kernel does not.
/// Its header is newer than Debian's (include/uapi/linux/pidfd.h).
std::optional<int> exit_status(int pidfd) {
    struct Info {
        std::uint64_t mask;
        std::uint64_t cgroup;
        std::array<std::uint32_t, 11> ids;
        std::int32_t exit_code;
    };
    static_assert(sizeof(Info) == 64);
    constexpr std::uint64_t has_exit = 1U << 3;
    Info info{};
    info.mask = has_exit;
    if (ioctl(pidfd, _IOWR(0xFF, 11, Info), &info) != 0) return std::nullopt;
    if ((info.mask & has_exit) == 0) return std::nullopt;
    return info.exit_code;
}

std::string description_of(std::optional<int> status) {
    if (!status) return "ended";
    if (WIFSIGNALED(*status)) {
        return std::string("was ended by SIG") + sigabbrev_np(WTERMSIG(*status));
    }
    return "exited with status " + std::to_string(WEXITSTATUS(*status));
}

/// A request to stop may take too long, and then SIGKILL follows; all else is a crash.
bool is_crash(std::optional<int> status, int asked) {
    return status && WIFSIGNALED(*status) && WTERMSIG(*status) != asked &&
           WTERMSIG(*status) != SIGKILL && WTERMSIG(*status) != SIGTERM &&
           WTERMSIG(*status) != SIGQUIT && WTERMSIG(*status) != SIGINT;
}

/// The parent of a process; 0 if there is no such process, or a dead one only.
int parent_of(const std::string& pid) {
    std::ifstream stat("/proc/" + pid + "/stat");
    std::string line;
    if (!std::getline(stat, line)) return 0;
    // The name may hold anything, so the state and the parent follow the last parenthesis.
    std::istringstream fields(line.substr(line.rfind(')') + 1));
    char state = 0;
    int parent = 0;
    fields >> state >> parent;
    return state == 'Z' ? 0 : parent;
}

std::size_t count_lines(const fs::path& log, std::string_view what) {
    std::size_t count = 0;
    for (const char* suffix : {"", ".1"}) {
        std::ifstream lines(log.string() + suffix);
        for (std::string line; std::getline(lines, line);) count += line.contains(what) ? 1 : 0;
    }
    return count;
}

}  // namespace

DeathWatch::DeathWatch(fs::path stack) : stack_(std::move(stack)) {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

DeathWatch::~DeathWatch() {
    thread_.request_stop();
    thread_.join();
    for (const auto& [pid, process] : processes_) close(process.descriptor);
}

void DeathWatch::run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
        look_for_processes();
        look_for_ends();
        woken_.wait_for(lock, stop, interval, [] { return false; });
    }
}

void DeathWatch::look_for_processes() {
    std::map<int, std::string> supervisors;
    for (const char* part : parts) {
        std::ifstream file(stack_ / "pids" / part);
        int pid = 0;
        if (!(file >> pid)) continue;
        follow(pid, part, false);
        if (has_supervisor(part)) supervisors[pid] = part;
    }
    if (supervisors.empty()) return;
    std::error_code gone;
    for (const auto& entry : fs::directory_iterator("/proc", gone)) {
        const auto name = entry.path().filename().string();
        if (!std::isdigit(static_cast<unsigned char>(name.front()))) continue;
        const auto supervisor = supervisors.find(parent_of(name));
        if (supervisor != supervisors.end()) follow(std::stoi(name), supervisor->second, true);
    }
}

void DeathWatch::follow(int pid, const std::string& part, bool supervised) {
    // What is dead has been judged, and may wait long for its parent.
    if (processes_.contains(pid) || parent_of(std::to_string(pid)) == 0) return;
    const int descriptor = open_pidfd(pid);
    if (descriptor >= 0) processes_[pid] = {part, descriptor, supervised};
}

void DeathWatch::look_for_ends() {
    for (auto it = processes_.begin(); it != processes_.end();) {
        pollfd ended{.fd = it->second.descriptor, .events = POLLIN, .revents = 0};
        if (poll(&ended, 1, 0) != 1) {
            ++it;
            continue;
        }
        judge(it->first, it->second);
        close(it->second.descriptor);
        expected_.erase(it->first);
        it = processes_.erase(it);
    }
}

void DeathWatch::judge(int pid, const Process& process) {
    const auto status = exit_status(process.descriptor);
    const auto expected = expected_.find(pid);
    const bool is_asked = expected != expected_.end() || asked_[process.part] > 0;
    if (process.supervised) ++seen_[process.part];
    if (is_asked && !is_crash(status, expected == expected_.end() ? 0 : expected->second)) return;
    unasked_.push_back(process.part + (process.supervised ? " " : " (first process) ") +
                       std::to_string(pid) + ' ' + description_of(status) +
                       (context_.empty() ? "" : " during " + context_));
}

std::vector<std::string> DeathWatch::unseen_ends() {
    std::vector<std::string> found;
    const auto tell = [&](std::size_t count, std::size_t& told, const std::string& what) {
        if (count > told) found.push_back(std::to_string(count - told) + ' ' + what);
        told = std::max(told, count);
    };
    const fs::path logs = stack_ / "logs";
    for (const char* part : {"worker", "feed"}) {
        auto& told = told_[part].respawns;
        told = std::max(told, seen_[part]);
        tell(count_lines(logs / (std::string(part) + ".log"), "] died, respawn"), told,
             std::string(part) + " processes ended right after their start");
    }
    // SIGKILL is from nginx itself: its first process, asked to end, gives the others a second.
    const auto ended = count_lines(logs / "nginx.log", "exited on signal");
    const auto killed = count_lines(logs / "nginx.log", "exited on signal 9");
    tell(ended - killed, told_["nginx"].crashes, "processes of nginx crashed");
    tell(count_lines(logs / "postgresql.log", "was terminated by signal"),
         told_["postgresql"].crashes, "processes of PostgreSQL crashed");
    return found;
}

void DeathWatch::expect(int pid, int signal) {
    const std::scoped_lock lock(mutex_);
    look_for_ends();
    look_for_processes();
    if (processes_.contains(pid)) expected_[pid] = signal;
}

std::vector<std::string> DeathWatch::take_unasked() {
    const std::scoped_lock lock(mutex_);
    look_for_ends();
    auto found = std::exchange(unasked_, {});
    std::ranges::move(unseen_ends(), std::back_inserter(found));
    return found;
}

void DeathWatch::set_context(std::string context) {
    const std::scoped_lock lock(mutex_);
    look_for_ends();
    context_ = std::move(context);
}

DeathWatch::Asked::Asked(DeathWatch& watch, std::vector<std::string> asked_parts)
    : watch_(watch), parts_(std::move(asked_parts)) {
    const std::scoped_lock lock(watch_.mutex_);
    watch_.look_for_ends();
    watch_.look_for_processes();
    for (const auto& part : parts_) ++watch_.asked_[part];
}

DeathWatch::Asked::~Asked() {
    const std::scoped_lock lock(watch_.mutex_);
    watch_.look_for_ends();
    for (const auto& part : parts_) --watch_.asked_[part];
}

}  // namespace larder::test
