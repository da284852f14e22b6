#pragma once

#include <string>

#include "error.hpp"

namespace larder {

/// What PostgreSQL's codes of errors mean (PostgreSQL, appendix A). Pure; any thread.

/// The one table from SQLSTATE to a kind of error. Empty: there was none.
Error translated(const std::string& state, std::string log);

/// Whether the session is of no more use: PostgreSQL ends it (57P01 to 57P05, but not 57014, which
/// cancels one statement), has forgotten what was prepared or cannot use it after a change of a
/// table (0A000), is not the server that takes writes, or has a transaction open that has failed.
bool ends_session(const std::string& state);

}  // namespace larder
