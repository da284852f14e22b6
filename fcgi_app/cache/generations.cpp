#include "cache/generations.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <set>

#include "cache/generation_link.hpp"
#include "cache/shared_memory.hpp"

namespace larder {

namespace fs = std::filesystem;

namespace {

constexpr const char* suffix = ".generation";
constexpr std::string_view link_suffix = ".list";
constexpr std::size_t most_kept = 512;  // files whose directory is held open

}  // namespace

/// Of a tag or of a collection, as it is found in RUN_DIR.
struct Generations::Link {
    fs::path path;
    std::string_view collection;
    bool is_of_tag;
};

Generations::Generations(const std::string& run_dir, std::vector<std::string> collections)
    : run_dir_(run_dir), collections_(std::move(collections)) {}

std::string Generations::link_of(std::string_view collection, std::string_view tag) const {
    return fmt::format("{}/{}{}{}{}", run_dir_, collection, tag.empty() ? "" : ".", tag,
                       link_suffix);
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

/// A link that is there is replaced, or else it stays.
bool Generations::make(const std::string& link, bool replace) {
    return begin_generation(run_dir_, random_token().append(suffix), link, 0750, replace);
}

bool Generations::swap(std::string_view collection, std::string_view tag) {
    if (tag.empty()) return make(link_of(collection), true);
    return unlink(link_of(collection, tag).c_str()) == 0 || errno == ENOENT;
}

bool Generations::swap_tags(std::string_view collection) {
    bool done = true;
    for (const Link& link : links()) {
        if (!link.is_of_tag || link.collection != collection) continue;
        done = (unlink(link.path.c_str()) == 0 || errno == ENOENT) && done;
    }
    return swap(collection) && done;
}

bool Generations::swap_all() {
    return std::ranges::all_of(collections_, [this](const auto& name) { return swap_tags(name); });
}

/// The links of RUN_DIR.
std::vector<Generations::Link> Generations::links() const {
    std::vector<Link> found;
    std::error_code error;
    fs::directory_iterator entry(run_dir_, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
        const std::string name = entry->path().filename();
        if (!name.ends_with(link_suffix)) continue;
        const std::string_view head = std::string_view(name).substr(0, name.find('.'));
        const auto collection = std::ranges::find(collections_, head);
        if (collection == collections_.end()) continue;
        found.push_back({.path = entry->path(),
                         .collection = *collection,
                         .is_of_tag = name.size() > head.size() + link_suffix.size()});
    }
    return found;
}

File Generations::open_current(std::string_view collection, std::string_view tag) {
    const std::string link = link_of(collection, tag);
    File directory(link, O_RDONLY | O_DIRECTORY);
    if (directory.is_open() || tag.empty() || errno != ENOENT) return directory;
    {
        const std::lock_guard lock(mutex_);
        auto made = made_.find(collection);
        if (made == made_.end()) made = made_.emplace(collection, 0).first;
        if (made->second >= most_tags) return directory;
        ++made->second;
    }
    if (!make(link, false)) return directory;
    return File(link, O_RDONLY | O_DIRECTORY);
}

void Generations::keep(std::string_view collection, std::string_view tag, const std::string& file,
                       File generation, std::string_view answer) {
    const std::lock_guard lock(mutex_);
    if (kept_.size() >= most_kept) kept_.clear();
    File& former = kept_[fmt::format("{}/{}", link_of(collection, tag), file)];
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
    for (const Link& link : links()) {
        std::error_code error;
        fs::directory_iterator entry(link.path, error);
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
    std::map<std::string, std::size_t, std::less<>> tags;
    for (const std::string& collection : collections_) {
        current.insert(fs::read_symlink(link_of(collection), error).filename());
    }
    for (const Link& link : links()) {
        if (!link.is_of_tag) continue;
        if (++tags[std::string(link.collection)] > most_tags) {
            unlink(link.path.c_str());
        } else {
            current.insert(fs::read_symlink(link.path, error).filename());
        }
    }
    {
        // The processes of a host make links without a look at each other.
        const std::lock_guard lock(mutex_);
        made_ = std::move(tags);
    }
    remove_generations(run_dir_, [&](const fs::path& path) {
        return path.extension() == suffix && !current.contains(path.filename());
    });
}

}  // namespace larder
