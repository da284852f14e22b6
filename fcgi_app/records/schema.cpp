#include "records/schema.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "catalog/names.hpp"
#include "json/text.hpp"
#include "records/privileges.hpp"
#include "records/schema_references.hpp"
#include "store/pooler.hpp"
#include "store/session.hpp"
#include "store/statements.hpp"

namespace larder {

namespace {

/// A list whose SQL has parts that the catalog of PostgreSQL cannot vouch for.
bool has_sql(const List& list) {
    return !list.where.empty() || !list.from.empty() || !list.order.empty();
}

/// Statements that PostgreSQL has to take, as one text: a round trip for each would make the start
/// slow.
std::string probes(std::span<const Resource> resources) {
    std::string sql = "EXPLAIN SELECT larder.merge_patch('{}', '{}') FROM larder.epoch";
    for (const Resource& resource : resources) {
        const Statements statements(resource);
        for (const List& list : resource.lists) {
            if (has_sql(list)) sql += "; EXPLAIN " + statements.probe(list);
        }
    }
    return sql;
}

std::string_view types_of(IdType id) { return id == IdType::integer ? "int2 int4 int8" : "uuid"; }

/// The types of columns whose text, as reads take it, is JSON of the field's type; empty: of any.
std::string_view types_of(const Field& field) {
    struct Names {
        std::string_view operator()(const Integer&) const { return "int2 int4 int8"; }
        std::string_view operator()(const Decimal&) const { return "numeric int2 int4 int8"; }
        std::string_view operator()(const Float&) const { return "float8 float4"; }
        std::string_view operator()(const Boolean&) const { return "bool"; }
        std::string_view operator()(const Json&) const { return "json jsonb"; }
        std::string_view operator()(const Timestamp&) const { return "timestamptz"; }
        std::string_view operator()(const DateTime&) const { return "timestamp"; }
        std::string_view operator()(const Date&) const { return "date"; }
        std::string_view operator()(const Uuid&) const { return "uuid"; }
        std::string_view operator()(const Reference& reference) const {
            return types_of(reference.id);
        }
        std::string_view operator()(const Text&) const { return {}; }
        std::string_view operator()(const Enum&) const { return {}; }
        std::string_view operator()(const Other&) const { return {}; }
    };
    return std::visit(Names{}, field.type);
}

/// The columns that each table has to have, with their types, as JSON.
std::string wanted_columns(std::span<const Resource> resources) {
    std::vector<std::string> tables;
    for (const Resource& resource : resources) {
        std::vector<std::string> columns;
        const auto add = [&](std::string_view column, std::string_view types) {
            columns.push_back(fmt::format("[{},{}]", json::quoted(column), json::quoted(types)));
        };
        add(resource.id_column, types_of(resource.id));
        if (resource.is_document()) add("data", "jsonb");
        for (const Field& field : resource.fields) add(field.column_name(), types_of(field));
        tables.push_back(fmt::format(R"({{"t":{},"columns":[{}]}})",
                                     json::quoted(resource.sql_table()), fmt::join(columns, ",")));
    }
    return fmt::format("[{}]", fmt::join(tables, ","));
}

/// (table, column, types, type that it has, whether it may be read) of the first column that is not
/// as it has to be.
Statement misfit(std::span<const Resource> resources) {
    return {
        "SELECT t, w.one->>0, w.one->>1, format_type(a.atttypid, a.atttypmod),"
        " has_table_privilege(w.oid, 'SELECT')"
        " FROM (SELECT t, to_regclass(t) AS oid, json_array_elements(columns) AS one"
        " FROM json_to_recordset($1::json) AS d(t text, columns json) OFFSET 0) AS w"
        " LEFT JOIN pg_attribute AS a"
        " ON a.attrelid = w.oid AND a.attname = w.one->>0 AND NOT a.attisdropped"
        " LEFT JOIN pg_type AS y ON y.oid = a.atttypid"
        " LEFT JOIN pg_type AS base ON base.oid = y.typbasetype"
        " WHERE a.attname IS NULL OR NOT has_table_privilege(w.oid, 'SELECT')"
        " OR w.one->>1 <> '' AND coalesce(base.typtype, y.typtype) <> 'd' AND NOT "
        "coalesce(base.typname, y.typname) = ANY"
        " (string_to_array(w.one->>1, ' ')) LIMIT 1",
        {wanted_columns(resources)}};
}

SchemaReport behind(const std::string& what) {
    return {SchemaState::behind,
            fmt::format("the database schema is behind this program; run 'larder migrate', in a"
                        " checkout 'make migrate'; a table that you have described is yours to"
                        " create ({})",
                        what)};
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
    return behind(error.log);
}

std::optional<SchemaReport> check_columns(Session& session, std::span<const Resource> resources) {
    const auto found = session.read(misfit(resources));
    if (!found) return report_of(found.error());
    if (found->empty()) return std::nullopt;
    const auto text = [&](std::size_t at) { return found->front()[at].value_or(""); };
    if (text(4) == "f") return behind(fmt::format("the role may not read {}", text(0)));
    if (text(3).empty())
        return behind(fmt::format("there is no column {} of {}", text(1), text(0)));
    return SchemaReport{
        SchemaState::behind,
        fmt::format(
            "PostgreSQL: the column {} of {} is of type {}, and the field that is kept in it"
            " needs one of {}; change the `type` of the field",
            text(1), text(0), text(3), text(2))};
}

/// The columns that have to be unique, and whether they are those of fields, as JSON.
std::string unique_columns(std::span<const Resource> resources) {
    std::string json;
    const auto add = [&](const Resource& resource, std::string_view column, bool is_field) {
        json += fmt::format(R"({}{{"t":{},"c":{},"f":{}}})", json.empty() ? '[' : ',',
                            json::quoted(resource.sql_table()), json::quoted(column), is_field);
    };
    for (const Resource& resource : resources) {
        add(resource, resource.id_column, false);
        for (const Field& field : resource.fields) {
            if (field.unique) add(resource, field.column_name(), true);
        }
    }
    return json.empty() ? "[]" : json + ']';
}

constexpr std::string_view unique_fields =
    "WITH wanted AS MATERIALIZED (SELECT * FROM json_to_recordset($1::json)"
    " AS w(t text, c text, f bool)), tables AS MATERIALIZED"
    " (SELECT t, to_regclass(t) AS oid, bool_or(f) AS has_fields FROM wanted GROUP BY t) ";

/// (table, constraint) of one that inserts cannot work with: ON CONFLICT fails (55000) where any of
/// the table is checked later than at the statement's end.
Statement deferrable_constraint(const std::string& wanted) {
    return {std::string(unique_fields) +
                "SELECT t, c.relname FROM tables JOIN pg_index AS i ON i.indrelid = tables.oid"
                " JOIN pg_class AS c ON c.oid = i.indexrelid"
                " WHERE has_fields AND NOT i.indimmediate LIMIT 1",
            {wanted}};
}

/// (table, column) of an id or a field of which two rows can have the same value.
Statement not_unique(const std::string& wanted) {
    return {std::string(unique_fields) +
                "SELECT t, c FROM wanted JOIN tables USING (t) WHERE NOT EXISTS"
                " (SELECT FROM pg_index AS i JOIN pg_attribute AS a"
                " ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
                " WHERE i.indrelid = tables.oid AND a.attname = c AND i.indnkeyatts = 1"
                " AND i.indisunique AND i.indisvalid AND i.indpred IS NULL) LIMIT 1",
            {wanted}};
}

/// Whether the tables can decide on unique values; nothing: they can.
std::optional<SchemaReport> check_unique(Session& session, std::span<const Resource> resources) {
    const std::string wanted = unique_columns(resources);
    const auto deferrable = session.read(deferrable_constraint(wanted));
    if (!deferrable) return report_of(deferrable.error());
    if (!deferrable->empty()) {
        const Row& row = deferrable->front();
        return SchemaReport{
            SchemaState::behind,
            fmt::format("PostgreSQL: the constraint {} is DEFERRABLE, so that every insert into"
                        " {} would fail; drop it, and add it without DEFERRABLE",
                        row[1].value_or(""), row[0].value_or(""))};
    }
    const auto ambiguous = session.read(not_unique(wanted));
    if (!ambiguous) return report_of(ambiguous.error());
    if (ambiguous->empty()) return std::nullopt;
    const Row& row = ambiguous->front();
    return SchemaReport{
        SchemaState::behind,
        fmt::format("PostgreSQL: {0}.{1} is not unique, so that nothing would refuse duplicates;"
                    " add a constraint: ALTER TABLE {0} ADD UNIQUE ({1})",
                    row[0].value_or(""), quoted_identifier(row[1].value_or("")))};
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
    if (auto report = check_columns(session, resources)) return std::move(*report);
    if (const auto taken = session.execute(probes(resources)); !taken) {
        return report_of(taken.error());
    }
    if (auto report = check_unique(session, resources)) return std::move(*report);
    const auto foreign_keys = check_foreign_keys(session, resources);
    if (!foreign_keys) return report_of(foreign_keys.error());
    if (!foreign_keys->empty()) return {SchemaState::behind, *foreign_keys};
    auto missing = missing_privileges(session, resources);
    if (!missing) return report_of(missing.error());
    return {SchemaState::current, "settings and database schema are in order", std::move(*missing)};
}

}  // namespace larder
