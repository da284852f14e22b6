#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace larder::test {

/// Makes a new directory whose name begins with `prefix`. Others may enter it: when root runs the
/// tests, the servers run under another account. Whoever asked for it removes it.
inline std::filesystem::path temporary_directory(const std::string& prefix) {
    namespace fs = std::filesystem;
    std::string name = (fs::temp_directory_path() / (prefix + "-XXXXXX")).string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    fs::permissions(name, fs::perms(0755));
    return name;
}

}  // namespace larder::test
