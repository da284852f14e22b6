#pragma once

#include <expected>
#include <string>

namespace larder {

/// Writes where PostgreSQL is to files that libpq reads, for programs that do not take every form
/// of an address that libpq takes (Sqitch), and so that no password is an argument of a process.
///
/// `address` is a URI or a keyword string of libpq. What it leaves open is completed as libpq does
/// it, from a service, from the variables PG* of this process and from its defaults. `options` are
/// options of the session, such as "-c lock_timeout=1s"; they win over those of the address and of
/// the role.
///
/// Makes two files in `directory`, which only this account may read: `service`, a connection
/// service file with the one service `larder`, and `password`, if there is one. A program that has
/// PGSERVICEFILE=<directory>/service and PGSERVICE=larder, and no other variable of libpq, connects
/// there. Begins a connection to resolve the address, and drops it at once. Fails with a line for
/// the operator, in which no value of the address stands.
std::expected<void, std::string> write_service_file(const std::string& address,
                                                    const std::string& options,
                                                    const std::string& directory);

/// Options under which a migration means the same in every database, for every role.
extern const char* const migration_options;

}  // namespace larder
