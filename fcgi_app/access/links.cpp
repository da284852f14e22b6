#include "access/links.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "cache/shared_memory.hpp"
#include "number.hpp"

namespace larder::access {

namespace fs = std::filesystem;

namespace {

// As nginx/access_maps.conf has them.
constexpr std::size_t part_length = 200;
constexpr std::size_t most_parts = 10;

constexpr mode_t walk_through = 0710;
constexpr const char* roles_directory = "roles";

bool is_in_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._~+=-").find(c) != std::string_view::npos;
}

std::string hash_of_names(std::span<const std::string> names) {
    std::string all;
    for (const std::string& name : names) all.append(name).append("/");
    const XXH128_hash_t hash = XXH3_128bits(all.data(), all.size());
    return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

bool make_directory(int directory, const std::string& path) {
    return mkdirat(directory, path.c_str(), walk_through) == 0 || errno == EEXIST;
}

/// Makes `<period>/<client>`, with the directories that are before the last slash. False, with
/// errno, also where it is there.
bool make_client(int directory, const std::string& path, const std::string& roles) {
    std::string way_back;
    for (auto slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
        if (!make_directory(directory, path.substr(0, slash))) return false;
        way_back += "../";
    }
    const std::string target = fmt::format("{}{}/{}", way_back, roles_directory, roles);
    return symlinkat(target.c_str(), directory, path.c_str()) == 0;
}

}  // namespace

std::optional<std::string> client_name(std::string_view token) {
    if (token.empty() || token.size() > part_length * most_parts ||
        !std::ranges::all_of(token, is_in_name)) {
        return std::nullopt;
    }
    std::string name;
    for (; token.size() > part_length; token.remove_prefix(part_length)) {
        name.append("d").append(token.substr(0, part_length)).append("/");
    }
    return name.append("t").append(token);
}

bool Links::is_made(const std::string& generation, const std::string& client,
                    std::int64_t now) const {
    return generation == generation_ && now / period_seconds == period_ && made_.contains(client);
}

bool Links::make(const std::string& generation, const std::string& client,
                 std::span<const std::string> collections, std::optional<std::int64_t> expires,
                 std::int64_t now) {
    const std::int64_t period = now / period_seconds;
    const std::int64_t end = (period + 1) * period_seconds;
    if (generation.empty() || collections.empty() || (expires && *expires < end + clock_margin)) {
        return false;
    }
    if (generation != generation_) {
        generation_ = generation;
        roles_.clear();
        made_.clear();
    }
    if (std::exchange(period_, period) != period) made_.clear();
    if (made_.contains(client) || made_.size() >= most_) return false;
    const File directory = generations_.open(generation);
    if (!directory.is_open()) return false;
    const std::string roles = hash_of_names(collections);
    if (!roles_.contains(roles)) {
        if (!make_roles(directory.descriptor(), roles, collections)) return false;
        roles_.insert(roles);
    }
    const bool is_new =
        make_client(directory.descriptor(), fmt::format("{}/{}", period, client), roles);
    if (is_new || errno == EEXIST) made_.insert(client);
    return is_new;
}

/// It is there as a whole or not at all: a directory that is being filled has another name.
bool Links::make_roles(int directory, const std::string& name,
                       std::span<const std::string> collections) {
    if (!make_directory(directory, roles_directory)) return false;
    const std::string whole = fmt::format("{}/{}", roles_directory, name);
    if (faccessat(directory, whole.c_str(), F_OK, 0) == 0) return true;
    const std::string made = fmt::format("{}/{}", roles_directory, random_token());
    if (mkdirat(directory, made.c_str(), walk_through) != 0) return false;
    bool is_made = true;
    for (const std::string& collection : collections) {
        const std::string link = fmt::format("{}/{}", made, collection);
        is_made = is_made && symlinkat("../../..", directory, link.c_str()) == 0;
    }
    if (is_made && renameat(directory, made.c_str(), directory, whole.c_str()) == 0) return true;
    const bool is_of_another = errno == EEXIST || errno == ENOTEMPTY;
    for (const std::string& collection : collections) {
        unlinkat(directory, fmt::format("{}/{}", made, collection).c_str(), 0);
    }
    unlinkat(directory, made.c_str(), AT_REMOVEDIR);
    return is_made && is_of_another;
}

void Links::sweep(const Generation& generations, std::int64_t now) {
    const File directory = generations.open(generations.current());
    if (!directory.is_open()) return;
    const std::int64_t period = now / period_seconds;
    std::error_code error;
    // By the descriptor: its name may be that of a former generation by now.
    fs::directory_iterator entry(fmt::format("/proc/self/fd/{}", directory.descriptor()), error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
        const auto of = to_number<std::int64_t>(entry->path().filename().string());
        std::error_code gone;  // another process sweeps, too
        if (of && (*of < period - 1 || *of > period + 1)) fs::remove_all(entry->path(), gone);
    }
}

}  // namespace larder::access
