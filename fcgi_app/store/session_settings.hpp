#pragma once

#include <chrono>
#include <string>

namespace larder {

/// One SELECT that sets whatever the meaning of a statement depends on, whatever the defaults of
/// server, database and role are. `is_local`: for one transaction, else for the session. Pure.
std::string session_settings(std::chrono::milliseconds lock_timeout, bool is_local);

}  // namespace larder
