#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace larder {

/// The generations of the lists in nginx's cache. Each collection has a symbolic link
/// RUN_DIR/<collection>.list to a directory beside it with a random name; nginx has the resolved
/// path in its cache key (and pays a system call for each component of it). To swap the link is to
/// empty the cache of the collection's lists: whatever was filled, or is being filled, under the
/// old name is never asked for again.
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

    /// Removes directories of old generations. They are kept for some seconds: a request may have
    /// just read the link.
    void sweep();

private:
    std::string link_of(std::string_view collection) const;

    std::string run_dir_;
    std::vector<std::string> collections_;
};

}  // namespace larder
