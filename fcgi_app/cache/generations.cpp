#include "cache/generations.hpp"

#include <fcntl.h>
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
constexpr const char* suffix = ".generation";

}  // namespace

Generations::Generations(const std::string& run_dir, std::vector<std::string> collections)
    : run_dir_(run_dir), collections_(std::move(collections)) {}

std::string Generations::link_of(std::string_view collection) const {
    return fmt::format("{}/{}.list", run_dir_, collection);
}

std::expected<void, std::string> Generations::prepare() {
    for (const std::string& collection : collections_) {
        std::error_code error;
        if (fs::exists(link_of(collection), error)) continue;
        if (!swap(collection)) {
            return std::unexpected(
                fmt::format("cannot prepare {}: {}", link_of(collection), std::strerror(errno)));
        }
    }
    return {};
}

bool Generations::swap(std::string_view collection) {
    const std::string name = random_token().append(suffix);
    const std::string directory = fmt::format("{}/{}", run_dir_, name);
    const std::string made = directory + ".list";
    if (mkdir(directory.c_str(), 0750) != 0) return false;
    if (symlink(name.c_str(), made.c_str()) != 0) return false;
    if (rename(made.c_str(), link_of(collection).c_str()) == 0) return true;
    const int cause = errno;
    unlink(made.c_str());
    errno = cause;
    return false;
}

bool Generations::swap_all() {
    return std::ranges::all_of(collections_, [this](const auto& name) { return swap(name); });
}

File Generations::open_current(std::string_view collection) const {
    return File(link_of(collection), O_RDONLY | O_DIRECTORY);
}

void Generations::keep(std::string_view collection, const std::string& file, File generation,
                       std::string_view answer) {
    const std::lock_guard lock(mutex_);
    File& former = kept_[fmt::format("{}/{}", collection, file)];
    if (former.is_open()) unlinkat(former.descriptor(), file.c_str(), 0);
    former = std::move(generation);
    const int directory = former.descriptor();
    const std::string made = random_token();
    const File whole(
        openat(directory, made.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
    if (!whole.is_open()) return;
    const bool is_whole = write(whole.descriptor(), answer.data(), answer.size()) ==
                          static_cast<ssize_t>(answer.size());
    if (is_whole && renameat(directory, made.c_str(), directory, file.c_str()) == 0) return;
    unlinkat(directory, made.c_str(), 0);
}

void Generations::expire(std::chrono::seconds lifetime) {
    const auto oldest = fs::file_time_type::clock::now() - lifetime;
    for (const std::string& collection : collections_) {
        std::error_code error;
        fs::directory_iterator entry(link_of(collection), error);
        for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
            std::error_code gone;  // another process does this, too
            const auto written = entry->last_write_time(gone);
            if (!gone && written < oldest) fs::remove(entry->path(), gone);
        }
    }
}

void Generations::sweep() {
    std::error_code error;
    std::set<fs::path> current;
    for (const std::string& collection : collections_) {
        current.insert(fs::read_symlink(link_of(collection), error).filename());
    }
    const auto now = fs::file_time_type::clock::now();
    fs::directory_iterator entry(run_dir_, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
        const fs::path& path = entry->path();
        if (path.extension() != suffix || current.contains(path.filename())) continue;
        std::error_code gone;  // another process sweeps, too
        const auto age = now - entry->last_write_time(gone);
        if (!gone && age > kept) fs::remove_all(path, gone);
    }
}

}  // namespace larder
