#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "file.hpp"

namespace larder {

/// The generations of the cached lists. Each tag that lists hang on (catalog/tags.hpp) has a
/// symbolic link to a directory beside it with a random name: RUN_DIR/<collection>.list for the
/// collection's own, else RUN_DIR/<collection>.<tag>.list. nginx has the resolved path in its cache
/// key (and pays a system call for each component of it). A new generation empties the cache of the
/// tag's lists: whatever was filled, or is being filled, under the old name is never asked for
/// again. The directory keeps short lists as files, which nginx serves by way of the link. A list
/// may hold what is not for every account of the host: directories and files are for this account
/// and the group of RUN_DIR, which they inherit by its set-group-ID bit.
///
/// The link of a collection is always there. Those of tags are made by the first reader, and a new
/// generation begins by removing the link, which costs a writer a fiftieth of what a new directory
/// does. As names are never used again, a link may be removed at any time.
///
/// Any thread of any process may begin a generation at any time. Local to a host.
class Generations {
public:
    /// The most links that a collection has for tags. A client may ask for any number of values.
    static constexpr std::size_t most_tags = 4096;

    Generations(const std::string& run_dir, std::vector<std::string> collections);

    /// Creates the links of collections that are missing. Fails with a message for the operator.
    std::expected<void, std::string> prepare();

    /// Begins a new generation of the lists of a tag; false, with errno, where the file system
    /// refused it. Of one that nobody has read there is nothing to begin.
    bool swap(std::string_view collection, std::string_view tag = {});
    /// Of the collection's own and all its tags, of former descriptions too.
    bool swap_tags(std::string_view collection);
    bool swap_all();

    /// The directory of the present generation, which is made where the tag has none. Not open
    /// where that cannot be, or the collection has too many tags: then a list is not kept.
    File open_current(std::string_view collection, std::string_view tag = {});

    /// Keeps the answer to a list for nginx, as a file in that directory, present or not: once
    /// there is a new generation nobody looks there. What fails is a list that is not kept. What
    /// this process has kept of that list in a former generation is removed: under many writes it
    /// would fill the file system that writes need.
    void keep(std::string_view collection, std::string_view tag, const std::string& file,
              File generation, std::string_view answer);

    /// Removes the files of present generations that are older.
    void expire(std::chrono::seconds lifetime);

    /// Removes directories of old generations, and links of tags that are too many. Directories are
    /// kept for some seconds: a request may have just read the link.
    void sweep();

private:
    struct Link;

    std::string link_of(std::string_view collection, std::string_view tag = {}) const;
    bool make(const std::string& link, bool replace);
    std::vector<Link> links() const;

    std::string run_dir_;
    std::vector<std::string> collections_;

    std::mutex mutex_;                  // guards what follows
    std::map<std::string, File> kept_;  // by link and file: the directory that has it
    std::map<std::string, std::size_t, std::less<>> made_;  // by collection: tags since a sweep
};

}  // namespace larder
