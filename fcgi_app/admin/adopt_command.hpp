#pragma once

#include <string>
#include <vector>

#include "store/session.hpp"

namespace larder::admin {

/// What `larder-schema adopt` is asked for: either names of tables or all.
struct AdoptOptions {
    std::vector<std::string> tables;
    bool is_all = false;  ///< all that have no description; those that cannot be described are told
    std::string directory;  ///< where the descriptions are written; empty: to the standard output
};

/// Describes tables that exist, beside the descriptions in `resources_dir`. Prints what was
/// written, and on the standard error each refusal and each statement that is to be run. Gives the
/// exit status: 0, or 1 where something is wrong, and then nothing is written. For a program of one
/// thread.
int run_adopt(Session& session, const std::string& resources_dir, const AdoptOptions& options);

}  // namespace larder::admin
