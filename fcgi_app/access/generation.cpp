#include "access/generation.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "cache/generation_link.hpp"
#include "cache/shared_memory.hpp"

namespace larder::access {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view prefix = "access.";
constexpr mode_t walk_through = 0710;

}  // namespace

Generation::Generation(std::string run_dir)
    : run_dir_(std::move(run_dir)), link_(run_dir_ + "/access") {}

std::expected<void, std::string> Generation::prepare() const {
    // Looks where the link leads: a process that was stopped in a swap may have come back after the
    // directory was swept.
    std::error_code error;
    if (fs::exists(link_, error) || swap()) return {};
    return std::unexpected(file_failure(link_));
}

std::string Generation::current() const {
    std::array<char, 64> target{};
    const ssize_t length = readlink(link_.c_str(), target.data(), target.size());
    if (length <= 0 || static_cast<std::size_t>(length) == target.size()) return {};
    return {target.data(), static_cast<std::size_t>(length)};
}

bool Generation::swap() const {
    return begin_generation(run_dir_, fmt::format("{}{}", prefix, random_token()), link_,
                            walk_through, true);
}

File Generation::open(const std::string& name) const {
    return File(fmt::format("{}/{}", run_dir_, name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

void Generation::sweep() const {
    remove_generations(run_dir_, [this](const fs::path& path) {
        const std::string name = path.filename();
        return name.starts_with(prefix) && name != current();
    });
}

}  // namespace larder::access
