#include "cache/generation_link.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string_view>

namespace larder {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds kept{5};
constexpr std::string_view unfinished = ".new";

}  // namespace

bool begin_generation(const std::string& run_dir, const std::string& name, const std::string& link,
                      mode_t mode, bool replace) {
    const std::string directory = fmt::format("{}/{}", run_dir, name);
    if (mkdir(directory.c_str(), mode) != 0) return false;
    if (!replace) return symlink(name.c_str(), link.c_str()) == 0 || errno == EEXIST;
    const std::string made = fmt::format("{}{}", directory, unfinished);
    if (symlink(name.c_str(), made.c_str()) != 0) return false;
    if (rename(made.c_str(), link.c_str()) == 0) return true;
    const int cause = errno;
    unlink(made.c_str());
    errno = cause;
    return false;
}

void remove_generations(const std::string& run_dir,
                        const std::function<bool(const fs::path&)>& is_former) {
    const std::time_t now = std::time(nullptr);
    std::error_code error;
    fs::directory_iterator entry(run_dir, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
        const fs::path& path = entry->path();
        struct stat status{};
        if (lstat(path.c_str(), &status) != 0 || now - status.st_mtim.tv_sec <= kept.count()) {
            continue;
        }
        // In this order: a new directory is the present one a moment after it was made.
        const bool is_unfinished = S_ISLNK(status.st_mode) && path.extension() == unfinished;
        if (!is_unfinished && !is_former(path)) continue;
        std::error_code gone;  // another process sweeps, too
        fs::remove_all(path, gone);
    }
}

}  // namespace larder
