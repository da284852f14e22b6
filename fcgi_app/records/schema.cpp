#include "records/schema.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <vector>

#include "store/pooler.hpp"
#include "store/session.hpp"
#include "store/statements.hpp"

namespace larder {

namespace {

/// Statements that name every table, column and function that a resource uses.
std::vector<std::string> probes(const Resource& resource) {
    const Statements statements(resource);
    std::vector<std::string> found = {"SELECT larder.merge_patch('{}', '{}') FROM larder.epoch"};
    for (const List& list : resource.lists) found.push_back(statements.list(list, "1"));
    return found;
}

/// What a statement that fails says of the schema.
SchemaReport report_of(const Error& error) {
    if (is_refusal_of_pooler(error.log)) {
        return {SchemaState::unknown,
                fmt::format("PostgreSQL: DATABASE_URL is that of a pooler; set"
                            " PREPARED_STATEMENTS=false, and DIRECT_DATABASE_URL to the"
                            " address of PostgreSQL itself ({})",
                            error.log)};
    }
    if (error.kind == ErrorKind::unavailable) {
        return {SchemaState::unknown,
                fmt::format("PostgreSQL is out of reach; check DATABASE_URL and that the"
                            " server runs ({})",
                            error.log)};
    }
    return {SchemaState::behind,
            fmt::format("the database schema is behind this program; run 'larder migrate', in a"
                        " checkout 'make migrate' ({})",
                        error.log)};
}

}  // namespace

void set_connection_defaults(const std::string& program) {
    constexpr int keep = 0;  // what the operator has set wins
    setenv("PGCLIENTENCODING", "UTF8", keep);
    setenv("PGCONNECT_TIMEOUT", "3", keep);
    setenv("PGAPPNAME", program.c_str(), keep);
}

SchemaReport check_schema(const Settings& settings, std::span<const Resource> resources) {
    Database database(settings.database_url, settings.prepared_statements);
    Session session(database);
    const auto encoding = session.read(once("SHOW server_encoding"));
    if (!encoding) return report_of(encoding.error());
    if (encoding->at(0).at(0) != "UTF8") {
        return {SchemaState::behind,
                fmt::format("PostgreSQL: the database has the encoding {}, and Larder needs UTF8;"
                            " create it with ENCODING 'UTF8' TEMPLATE template0",
                            encoding->at(0).at(0).value_or(""))};
    }
    for (const Resource& resource : resources) {
        for (const std::string& sql : probes(resource)) {
            const auto rows = session.read(once("EXPLAIN " + sql));
            if (!rows) return report_of(rows.error());
        }
    }
    return {SchemaState::current, "settings and database schema are in order"};
}

}  // namespace larder
