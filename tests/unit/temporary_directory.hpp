#pragma once

#include <filesystem>
#include <system_error>

#include "support/temporary_directory.hpp"

namespace larder {

/// A new directory that others may enter; removed with all that is in it.
class TemporaryDirectory {
public:
    TemporaryDirectory() : path_(test::temporary_directory("larder")) {}
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace larder
