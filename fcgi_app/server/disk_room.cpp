#include "server/disk_room.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <string>

namespace larder {

bool has_room(std::string_view directories, std::uint64_t bytes) {
    while (!directories.empty()) {
        const std::string path(directories.substr(0, directories.find(':')));
        directories.remove_prefix(std::min(path.size() + 1, directories.size()));
        struct statvfs disk{};
        if (statvfs(path.c_str(), &disk) != 0) continue;
        // Some file systems have no fixed number of files, and say 0 of 0.
        const bool has_files = disk.f_files == 0 || disk.f_favail > 0;
        if (!has_files || disk.f_bavail < bytes / disk.f_frsize + 1) return false;
    }
    return true;
}

}  // namespace larder
