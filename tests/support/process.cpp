#include "process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>
#include <string_view>

namespace larder::test {
namespace {

bool is_inherited(std::string_view name) {
    static constexpr std::array<std::string_view, 9> kept = {
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TMPDIR", "TERM"};
    return std::ranges::find(kept, name) != kept.end() || name.ends_with("SAN_OPTIONS");
}

std::vector<std::string> merged(const Environment& extra) {
    std::vector<std::string> lines;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view line = *entry;
        const auto name = line.substr(0, line.find('='));
        if (is_inherited(name) && !extra.contains(std::string(name))) lines.emplace_back(line);
    }
    for (const auto& [name, value] : extra) lines.push_back(name + '=' + value);
    return lines;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (auto& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

std::string contents(int file) {
    std::string text;
    std::array<char, 8192> buffer{};
    while (true) {
        // Servers left behind share the file's offset: pread leaves it alone.
        const ssize_t got =
            pread(file, buffer.data(), buffer.size(), static_cast<off_t>(text.size()));
        if (got <= 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

}  // namespace

Finished run(const std::vector<std::string>& arguments, const Environment& environment) {
    auto argument_texts = arguments;
    auto environment_texts = merged(environment);
    // A file, not a pipe: servers that the program leaves behind would keep a pipe open.
    const int output = memfd_create("output", MFD_CLOEXEC);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    pid_t child = -1;
    const int error =
        posix_spawnp(&child, arguments.front().c_str(), &actions, nullptr,
                     pointers(argument_texts).data(), pointers(environment_texts).data());
    posix_spawn_file_actions_destroy(&actions);
    Finished finished;
    if (error == 0) {
        int status = 0;
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
        finished.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        finished.output = contents(output);
    }
    close(output);
    return finished;
}

std::vector<std::string> lines_in(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

}  // namespace larder::test
