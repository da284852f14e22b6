#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace larder {

/// Makes the rights of new files of this process independent of its caller's mask: at most the
/// group may read them, which in RUN_DIR is that of nginx. To be called before there are other
/// threads. A mask, because no chmod(2) of ours could keep the set-group-ID bit that a directory in
/// RUN_DIR has inherited from it: the account is not in that group.
inline void close_new_files_to_others() { umask(S_IWGRP | S_IRWXO); }

/// Makes a file that is to be mapped at least `size` bytes long, with room for all of them: a page
/// that had none yet would end the process with SIGBUS, were the disk full when it is first
/// written. Never makes it shorter. False: errno says why.
inline bool make_room(int fd, off_t size) {
    if (fallocate(fd, 0, 0, size) == 0) return true;
    if (errno != EOPNOTSUPP) return false;
    struct stat status{};
    return fstat(fd, &status) == 0 && (status.st_size >= size || ftruncate(fd, size) == 0);
}

/// A file or directory in RUN_DIR, which the processes of a host share; owns the descriptor. A file
/// that is made by its path is for the account alone.
class File {
public:
    File() = default;                                   ///< none
    explicit File(int descriptor) : fd_(descriptor) {}  ///< takes over what open(2) has given
    /// `flags` are those of open(2). Whether it is open `is_open` says, and errno why not.
    File(const std::string& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
    ~File() {
        if (fd_ >= 0) close(fd_);
    }
    File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    File& operator=(File&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    bool is_open() const { return fd_ >= 0; }
    int descriptor() const { return fd_; }

private:
    int fd_ = -1;
};

/// What errno says of a file, for the operator.
inline std::string file_failure(const std::string& path) {
    return fmt::format("cannot use {}: {}", path, std::strerror(errno));
}

}  // namespace larder
