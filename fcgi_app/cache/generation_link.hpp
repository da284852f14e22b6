#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>

namespace larder {

/// A generation is a directory of RUN_DIR with a name that is never used again, and a symbolic link
/// that leads to it while it is the present one. To replace the link is to begin a new one: what
/// was written, or is being written, into the former directory is never found again by way of the
/// link. The lists (cache/generations.hpp) and the verdicts on tokens (access/generation.hpp) have
/// such generations. Any thread of any process.

/// Makes the directory `name` and a link at `link` (a path in `run_dir`) to it. A link that is
/// there is replaced at one stroke if `replace` says so, or else it stays, which is no failure.
/// `mode` is that of the directory, which inherits group and set-group-ID bit. False: errno says
/// what the file system has refused, and nothing has changed.
bool begin_generation(const std::string& run_dir, const std::string& name, const std::string& link,
                      mode_t mode, bool replace);

/// Removes the directories that `is_former` names, and links that a process has left which was
/// killed in the middle of a swap. They are kept for some seconds: a request may have just read the
/// link.
void remove_generations(const std::string& run_dir,
                        const std::function<bool(const std::filesystem::path&)>& is_former);

}  // namespace larder
