#pragma once

#include <optional>
#include <string>

#include "bulk/import_request.hpp"
#include "records/services.hpp"

namespace larder::bulk {

/// What `larder-bulk import` is asked for.
struct ImportOptions {
    std::string resource = {};
    std::string format = {};     ///< `csv` or `ndjson`; empty: by the name of the file
    std::string file_name = {};  ///< of what the standard input is, for that
    ImportChoices choices = {};
    bool is_all = false;
    bool is_trial = false;
    bool is_json = false;                       ///< the result is printed as JSON
    std::optional<int> errors_descriptor = {};  ///< gets a CSV file with the rows that fail
    std::string errors_file = {};               ///< the same, to be made
};

/// Exit statuses, of which `done` and `failed` tell of rows.
inline constexpr int all_imported = 0;
inline constexpr int not_all_imported = 1;
inline constexpr int wrong_usage = 2;

/// Imports the standard input. Prints the result to the standard output, and progress to the
/// standard error: a line that is written over on a terminal, else a line now and then. Gives the
/// exit status. For a program of one thread, which may start others.
int run_import(Services& services, const ImportOptions& options);

}  // namespace larder::bulk
