#include "records/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "catalog/names.hpp"
#include "store/pooler.hpp"
#include "store/session.hpp"
#include "store/statements.hpp"

namespace larder {

namespace {

/// Statements that name every table, column and function that the resources use.
std::vector<std::string> probes(std::span<const Resource> resources) {
    std::vector<std::string> found = {"SELECT larder.merge_patch('{}', '{}') FROM larder.epoch"};
    for (const Resource& resource : resources) {
        const Statements statements(resource);
        for (const List& list : resource.lists) found.push_back(statements.list(list, "1"));
    }
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
                        " checkout 'make migrate'; a table that you have described is yours to"
                        " create ({})",
                        error.log)};
}

/// A constraint that inserts cannot work with: ON CONFLICT fails (55000) where any of the table is
/// checked later than at the statement's end.
Statement deferrable_constraint(const Resource& resource) {
    return {
        "SELECT c.relname FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid"
        " WHERE i.indrelid = $1::regclass AND NOT i.indimmediate LIMIT 1",
        {resource.sql_table()}};
}

/// (true) if no two rows can have the same value in a column.
Statement is_unique(const Resource& resource, const std::string& column) {
    return {
        "SELECT EXISTS (SELECT FROM pg_index AS i JOIN pg_attribute AS a"
        " ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
        " WHERE i.indrelid = $1::regclass AND a.attname = $2 AND i.indnkeyatts = 1"
        " AND i.indisunique AND i.indisvalid AND i.indpred IS NULL)",
        {resource.sql_table(), column}};
}

/// The columns that need to be unique; that of an id is the key where it has the usual name.
std::vector<std::string> unique_columns(const Resource& resource) {
    std::vector<std::string> columns;
    if (resource.id_column != "id") columns.push_back(resource.id_column);
    for (const Field& field : resource.fields) {
        if (field.unique) columns.push_back(field.column_name());
    }
    return columns;
}

/// Whether the table can decide on the unique values of a resource; nothing: it can.
std::optional<SchemaReport> check_unique(Session& session, const Resource& resource) {
    const bool has_unique_field = std::ranges::any_of(resource.fields, &Field::unique);
    const auto deferrable =
        has_unique_field ? session.read(deferrable_constraint(resource)) : Rows();
    if (!deferrable) return report_of(deferrable.error());
    if (!deferrable->empty()) {
        return SchemaReport{
            SchemaState::behind,
            fmt::format("PostgreSQL: the constraint {} is DEFERRABLE, so that every insert into"
                        " {} would fail; drop it, and add it without DEFERRABLE",
                        deferrable->at(0).at(0).value_or(""), resource.sql_table())};
    }
    for (const std::string& column : unique_columns(resource)) {
        const auto unique = session.read(is_unique(resource, column));
        if (!unique) return report_of(unique.error());
        if (unique->at(0).at(0) == "t") continue;
        return SchemaReport{
            SchemaState::behind,
            fmt::format(
                "PostgreSQL: {0}.{1} is not unique, so that nothing would refuse duplicates;"
                " add a constraint: ALTER TABLE {0} ADD UNIQUE ({1})",
                resource.sql_table(), quoted_identifier(column))};
    }
    return std::nullopt;
}

}  // namespace

void set_connection_defaults(const Settings& settings, const std::string& program) {
    constexpr int keep = 0;  // what the operator has set wins
    setenv("PGCLIENTENCODING", "UTF8", keep);
    setenv("PGCONNECT_TIMEOUT", "3", keep);
    setenv("PGAPPNAME", program.c_str(), keep);
    // A pooler in transaction mode refuses options of a session, and so tells at once that
    // PREPARED_STATEMENTS=false was forgotten. What the option says is of no importance: sessions
    // set their lock time-out themselves.
    if (settings.prepared_statements) setenv("PGOPTIONS", "-c lock_timeout=10s", keep);
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
    for (const std::string& sql : probes(resources)) {
        const auto rows = session.read(once("EXPLAIN " + sql));
        if (!rows) return report_of(rows.error());
    }
    for (const Resource& resource : resources) {
        if (auto report = check_unique(session, resource)) return std::move(*report);
    }
    return {SchemaState::current, "settings and database schema are in order"};
}

}  // namespace larder
