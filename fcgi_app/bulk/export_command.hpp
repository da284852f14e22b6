#pragma once

#include <string>

#include "records/services.hpp"

namespace larder::bulk {

/// What `larder-bulk export` is asked for.
struct ExportOptions {
    std::string resource = {};
    std::string list = {};       ///< the name of a list; empty: of all records
    std::string query = {};      ///< parameters of the list, as in a URL
    std::string format = {};     ///< `csv` or `ndjson`; empty: by the name of the file
    std::string file_name = {};  ///< of what the standard output is, for that
    bool is_for_spreadsheet = false;
};

/// Writes a list to the standard output, in the form that `Accept` chooses over HTTP, and progress
/// to the standard error. Gives the exit status: 0, 1 where the output is not whole, or
/// `wrong_usage` (import_command.hpp) where nothing was written. For a program of one thread.
int run_export(Services& services, const ExportOptions& options);

}  // namespace larder::bulk
