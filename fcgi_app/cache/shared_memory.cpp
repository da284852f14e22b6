#include "cache/shared_memory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "file.hpp"

namespace larder {

namespace {

void initialize(SharedState& state) {
    const auto layout = state.layout.load();
    if (layout == 0) {
        state.trusted_epoch.store(0);
        state.redis_run_id.fill('\0');
        state.host_id.fill('\0');
        state.feed_alive_at.store(0);
        state.feed_lag_us.store(0);
        state.redis_replid.fill('\0');
        const std::string token = random_token();
        std::memcpy(state.host_id.data(), token.data(), token.size());
    }
    if (layout < SharedState::current_layout) state.layout.store(SharedState::current_layout);
}

}  // namespace

bool is_feed_alive(const SharedState& state) {
    using namespace std::chrono;
    constexpr milliseconds patience{5000};
    const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch());
    return now - milliseconds(state.feed_alive_at.load()) < patience;
}

void UnmapSharedState::operator()(SharedState* state) const { munmap(state, sizeof(SharedState)); }

std::expected<SharedMemory, std::string> open_shared_memory(const std::string& run_dir) {
    const std::string path = run_dir + "/shared";
    const File file(path, O_RDWR | O_CREAT);
    if (!file.is_open()) return std::unexpected(file_failure(path));
    const int fd = file.descriptor();
    void* memory = MAP_FAILED;
    if (flock(fd, LOCK_EX) == 0 && make_room(fd, sizeof(SharedState))) {
        memory = mmap(nullptr, sizeof(SharedState), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    if (memory == MAP_FAILED) return std::unexpected(file_failure(path));
    SharedMemory state(static_cast<SharedState*>(memory));
    initialize(*state);
    flock(fd, LOCK_UN);  // the mapping keeps the file open, and so the lock
    return state;
}

std::string random_token() {
    std::array<std::uint64_t, 2> random{};
    ssize_t got = -1;
    do {
        got = getrandom(random.data(), sizeof(random), 0);
    } while (got < 0 && errno == EINTR);
    if (got != sizeof(random)) {
        // A system call filter may forbid it. A token must be unique, not secret.
        static std::atomic<std::uint64_t> count = 0;
        const auto now = std::chrono::system_clock::now().time_since_epoch().count();
        random = {static_cast<std::uint64_t>(now),
                  static_cast<std::uint64_t>(getpid()) << 32U | (++count & 0xFFFFFFFFU)};
    }
    return fmt::format("{:016x}{:016x}", random[0], random[1]);
}

}  // namespace larder
