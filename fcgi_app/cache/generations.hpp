#pragma once

#include <chrono>
#include <expected>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "file.hpp"

namespace larder {

/// The generations of the cached lists. Each collection has a symbolic link
/// RUN_DIR/<collection>.list to a directory beside it with a random name; nginx has the resolved
/// path in its cache key (and pays a system call for each component of it). To swap the link is to
/// empty the cache of the collection's lists: whatever was filled, or is being filled, under the
/// old name is never asked for again. The directory keeps short lists as files, which nginx serves
/// by way of the link. A list may hold what is not for every account of the host: directories and
/// files are for this account and the group of RUN_DIR, which they inherit by its set-group-ID bit.
///
/// Any thread of any process may call `swap` at any time. Local to a host.
class Generations {
public:
    Generations(const std::string& run_dir, std::vector<std::string> collections);

    /// Creates the links that are missing. Fails with a message for the operator.
    std::expected<void, std::string> prepare();

    /// Begins a new generation; false, with errno, where the file system refused it.
    bool swap(std::string_view collection);
    bool swap_all();

    /// The directory of the present generation; not open where there is none.
    File open_current(std::string_view collection) const;

    /// Keeps the answer to a list for nginx, as a file in that directory, present or not: once the
    /// link has been swapped nobody looks there. What fails is a list that is not kept.
    /// What this process has kept of that list in a former generation is removed: under many writes
    /// it would fill the file system that writes need.
    void keep(std::string_view collection, const std::string& file, File generation,
              std::string_view answer);

    /// Removes the files of present generations that are older.
    void expire(std::chrono::seconds lifetime);

    /// Removes directories of old generations. They are kept for some seconds: a request may have
    /// just read the link.
    void sweep();

private:
    std::string link_of(std::string_view collection) const;

    std::string run_dir_;
    std::vector<std::string> collections_;

    std::mutex mutex_;                  // guards the one below
    std::map<std::string, File> kept_;  // by collection and file: the directory that has it
};

}  // namespace larder
