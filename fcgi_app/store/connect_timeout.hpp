#pragma once

#include <string>

namespace larder {

/// The same address of PostgreSQL, with a bound of 2 s on how long connecting may take, for each of
/// its hosts; a shorter bound in the address or in PGCONNECT_TIMEOUT stays (libpq takes 1 s for 2
/// s). An address that libpq does not understand comes back as it is. Any thread.
std::string with_connect_timeout(const std::string& url);

}  // namespace larder
