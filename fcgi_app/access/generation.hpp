#pragma once

#include <expected>
#include <string>

#include "file.hpp"

namespace larder::access {

/// The generation of access of a host: everything that a process of it has concluded about tokens
/// and rights, it has concluded under one of these. RUN_DIR/access is a symbolic link to a
/// directory beside it with a random name, `access.<32 hex digits>`, which is never used again
/// (cache/generation_link.hpp). What changes the truth about tokens swaps the link before COMMIT,
/// while it holds `access_lock` of PostgreSQL (ARCHITECTURE.md, "Access").
///
/// The directory is for this account, and its group, that of RUN_DIR, may walk through it and not
/// list it: the names in it may be secrets. Any thread of any process.
class Generation {
public:
    /// `run_dir` is RUN_DIR.
    explicit Generation(std::string run_dir);

    /// Makes the link if it is not there, or leads nowhere. May be called at any time. Fails with a
    /// message for the operator.
    std::expected<void, std::string> prepare() const;

    /// The name of the present generation, by one system call. Empty: there is none, or it cannot
    /// be read; then nothing may be kept, and nothing that was kept be used.
    std::string current() const;

    /// Begins a new one. What any process has kept is of a former one as soon as this has returned.
    /// False, with errno, where the file system has refused it: then nothing has changed.
    bool swap() const;

    /// The directory of the generation with this name, present or not, for openat(2) and its kind:
    /// what is made there after a swap is never found. Not open where it is gone, with errno.
    File open(const std::string& name) const;

    /// Removes the directories of former generations that are older than some seconds.
    void sweep() const;

private:
    std::string run_dir_;
    std::string link_;
};

/// The name of the advisory lock of PostgreSQL (store/cache_locks.hpp, take_locks) of a transaction
/// that makes verdicts wrong. It takes the lock after its change and before it swaps. A verdict may
/// be kept under the generation that was read, if then, in a statement before the one that reads
/// the tokens, no other transaction held the lock.
inline constexpr const char* access_lock = "larder:access";

}  // namespace larder::access
