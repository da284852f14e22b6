#pragma once

#include <string>

#include "error.hpp"

namespace larder {

/// What an error of PostgreSQL means for an answer. Pure; any thread.

inline constexpr const char* insufficient_privilege = "42501";
inline constexpr const char* deadlock = "40P01";

/// The one table from SQLSTATE (PostgreSQL, appendix A) to a kind of error. An empty state: there
/// is none, for the connection has failed.
Error error_of(const std::string& state, std::string log);

/// The same where the statement reads: a client may read all that Larder serves, so what PostgreSQL
/// does not let it read is a fault of the installation (`unavailable`), and not of the request.
Error error_of_read(Error error);

/// PostgreSQL is not there.
Error out_of_reach(std::string log);

/// Whether the session is of no more use: PostgreSQL ends it (57P01 to 57P05, but not 57014, which
/// cancels one statement), has forgotten what was prepared or cannot use it after a change of a
/// table (0A000), is not the server that takes writes, or has a transaction open that has failed.
bool ends_session(const std::string& state);

}  // namespace larder
