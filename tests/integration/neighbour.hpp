#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/process.hpp"

namespace larder::test {

/// A server beside those of a stack, in a directory of its own below the stack's, and of the
/// account of the stack's servers: PostgreSQL refuses to run as root. For one thread.
class Neighbour {
public:
    /// Makes the directory.
    explicit Neighbour(const std::string& name);
    /// Runs what `at_end` was given.
    ~Neighbour();
    Neighbour(const Neighbour&) = delete;
    Neighbour& operator=(const Neighbour&) = delete;

    [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

    /// Runs a program to its end; servers go on in the background. Throws std::runtime_error with
    /// what it printed if it fails.
    void run(const std::vector<std::string>& arguments) const;

    /// What stops the server.
    void at_end(std::vector<std::string> arguments) { end_ = std::move(arguments); }

private:
    [[nodiscard]] Finished try_to_run(std::vector<std::string> arguments) const;

    std::filesystem::path directory_;
    std::vector<std::string> end_;
};

/// The path of a program of the PostgreSQL that is installed.
std::string postgresql_program(const std::string& name);

}  // namespace larder::test
