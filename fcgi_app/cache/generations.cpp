#include "cache/generations.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <set>

#include "cache/shared_memory.hpp"

namespace larder {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds kept{5};

}  // namespace

Generations::Generations(const std::string& run_dir, std::vector<std::string> collections)
    : links_(run_dir + "/lists"),
      directories_(links_ + "/.g"),
      collections_(std::move(collections)) {}

std::expected<void, std::string> Generations::prepare() {
    std::error_code error;
    fs::create_directories(directories_, error);
    for (const std::string& collection : collections_) {
        if (error || fs::exists(links_ + '/' + collection, error)) continue;
        if (!swap(collection)) error.assign(errno, std::generic_category());
    }
    if (error) {
        return std::unexpected(fmt::format("cannot prepare {}: {}", links_, error.message()));
    }
    return {};
}

bool Generations::swap(std::string_view collection) {
    const std::string token = random_token();
    const std::string made = fmt::format("{}/.{}", links_, token);
    const std::string link = fmt::format("{}/{}", links_, collection);
    if (mkdir(fmt::format("{}/{}", directories_, token).c_str(), 0755) != 0) return false;
    if (symlink(fmt::format(".g/{}", token).c_str(), made.c_str()) != 0) return false;
    if (rename(made.c_str(), link.c_str()) == 0) return true;
    const int cause = errno;
    unlink(made.c_str());
    errno = cause;
    return false;
}

bool Generations::swap_all() {
    return std::ranges::all_of(collections_, [this](const auto& name) { return swap(name); });
}

void Generations::sweep() {
    std::error_code error;
    std::set<fs::path> current;
    for (const std::string& collection : collections_) {
        current.insert(fs::read_symlink(links_ + '/' + collection, error).filename());
    }
    const auto now = fs::file_time_type::clock::now();
    for (const auto& entry : fs::directory_iterator(directories_, error)) {
        const auto age = now - entry.last_write_time(error);
        if (!error && age > kept && !current.contains(entry.path().filename())) {
            rmdir(entry.path().c_str());
        }
    }
}

}  // namespace larder
