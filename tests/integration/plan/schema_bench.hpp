#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/database.hpp"
#include "support/process.hpp"
#include "support/temporary_directory.hpp"

namespace larder::test {

/// Descriptions of a directory of its own beside the database of the stack, by way of the program
/// larder-schema; changes are deployed with psql, or by Sqitch.
class SchemaBench {
public:
    SchemaBench();
    ~SchemaBench();
    SchemaBench(const SchemaBench&) = delete;
    SchemaBench& operator=(const SchemaBench&) = delete;

    void describe(const std::string& resource, const std::string& text);
    void forget(const std::string& resource);

    /// Runs larder-schema.
    [[nodiscard]] Finished schema(const std::vector<std::string>& arguments) const;

    /// Writes the changes to a project that has none yet, for psql registers none, and gives the
    /// names that the program has printed. Fails the test case unless there are some.
    std::vector<std::string> write(const std::vector<std::string>& drops = {}) const;

    /// Runs a script of a change with psql: `deploy`, `revert` or `verify`.
    [[nodiscard]] Finished script(const std::string& kind, const std::string& change) const;

    /// Writes, deploys and verifies all, and requires that nothing is left to do.
    std::vector<std::string> apply(const std::vector<std::string>& drops = {}) const;

    /// Runs Sqitch in the directory of the changes.
    [[nodiscard]] Finished sqitch(const std::vector<std::string>& arguments) const;

    /// Runs statements with psql; fails the test case unless all are done.
    void run_sql(const std::string& statements) const;

    [[nodiscard]] Database& database() const { return *database_; }
    [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

private:
    std::filesystem::path directory_;
    std::string url_;
    std::unique_ptr<Database> database_;
};

/// Whether a change is of the first phase.
bool is_expand(const std::string& change);

}  // namespace larder::test
