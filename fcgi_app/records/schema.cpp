#include "records/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <future>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "catalog/names.hpp"
#include "catalog/search_text.hpp"
#include "query/columns.hpp"
#include "records/privileges.hpp"
#include "records/schema_references.hpp"
#include "records/schema_tables.hpp"
#include "store/pooler.hpp"
#include "store/session.hpp"
#include "store/statements.hpp"

namespace larder {

namespace {

/// A list whose SQL has parts that the catalog of PostgreSQL cannot vouch for.
bool has_sql(const List& list) {
    return !list.where.empty() || !list.from.empty() || !list.order.empty();
}

/// What is sorted, compared and searched for clients; empty: nothing. A text may be in a column of
/// any type, and not each of them has an order by code point.
std::string probe_of_queries(const Resource& resource) {
    std::string order;
    for (const Field& field : resource.fields) {
        if (field.filter || field.sort) order += query::column_of(resource, &field).ordered + ", ";
    }
    const std::string words = search_vector(resource);
    if (order.empty() && words.empty()) return {};
    return fmt::format("SELECT {} FROM {} AS t ORDER BY {}{}", words, resource.sql_table(), order,
                       query::column_of(resource, nullptr).ordered);
}

/// Statements that PostgreSQL has to take, as one text: a round trip for each would make the start
/// slow.
std::string probes(std::span<const Resource> resources) {
    std::string sql =
        "EXPLAIN SELECT larder.merge_patch('{}', '{}') FROM larder.epoch;"
        " SELECT 'larder.idempotency_keys'::regclass";
    for (const Resource& resource : resources) {
        const Statements statements(resource);
        if (const auto probe = probe_of_queries(resource); !probe.empty()) {
            sql += "; EXPLAIN " + probe;
        }
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

/// (place in `resources`, whether it may be read, column, type, whether the type is a domain, type
/// as SQL has it) of each column; no column where there is no such table.
Statement all_columns(std::span<const Resource> resources) {
    return {fmt::format("SELECT d.place, has_table_privilege(d.oid, 'SELECT'), a.attname,"
                        " coalesce(base.typname, y.typname),"
                        " coalesce(base.typtype, y.typtype) = 'd',"
                        " format_type(a.atttypid, a.atttypmod) FROM {}"
                        " LEFT JOIN (pg_attribute AS a JOIN pg_type AS y ON y.oid = a.atttypid"
                        " LEFT JOIN pg_type AS base ON base.oid = y.typbasetype)"
                        " ON a.attrelid = d.oid AND a.attnum > 0 AND NOT a.attisdropped",
                        places_and_oids),
            {names_of_tables(resources)},
            false};
}

/// The columns of one table that has to be there.
struct Table {
    struct Column {
        std::string type;
        bool is_domain = false;
        std::string sql_type;
    };
    bool is_readable = true;
    std::map<std::string, Column, std::less<>> columns;
};

std::vector<Table> read_tables(const Rows& rows, std::size_t count) {
    std::vector<Table> tables(count);
    for (const Row& row : rows) {
        Table& table = tables.at(place_of(row));
        table.is_readable = row[1] != "f";
        if (!row[2]) continue;
        table.columns[*row[2]] = {row[3].value_or(""), row[4] == "t", row[5].value_or("")};
    }
    return tables;
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

/// Whether a column is there and, unless `types` is empty, of one of them.
std::optional<SchemaReport> check_column(const Resource& resource, const Table& table,
                                         std::string_view name, std::string_view types) {
    const auto found = table.columns.find(name);
    if (found == table.columns.end()) {
        return behind(fmt::format("there is no column {} of {}", name, resource.sql_table()));
    }
    const auto& [type, is_domain, sql_type] = found->second;
    const std::string padded = fmt::format(" {} ", types);
    if (types.empty() || is_domain || padded.find(fmt::format(" {} ", type)) != padded.npos) {
        return std::nullopt;
    }
    return SchemaReport{
        SchemaState::behind,
        fmt::format(
            "PostgreSQL: the column {} of {} is of type {}, and the field that is kept in it"
            " needs one of {}; change the `type` of the field",
            name, resource.sql_table(), sql_type, types)};
}

/// Lists of values hang on one spelling of a value (catalog/tags.hpp).
std::optional<SchemaReport> check_filter(const Resource& resource, const Table& table,
                                         const Field& field) {
    const auto found = table.columns.find(field.column_name());
    if (!field.filter || found == table.columns.end() || found->second.type != "citext") {
        return std::nullopt;
    }
    return SchemaReport{
        SchemaState::behind,
        fmt::format("PostgreSQL: the column {} of {} is of type citext, for which a value has many"
                    " spellings; leave out `filter`, or make the column text",
                    field.column_name(), resource.sql_table())};
}

std::optional<SchemaReport> check_table(const Resource& resource, const Table& table) {
    if (!table.is_readable) {
        return behind(fmt::format("the role may not read {}", resource.sql_table()));
    }
    auto report = check_column(resource, table, resource.id_column, types_of(resource.id));
    if (!report && resource.is_document()) report = check_column(resource, table, "data", "jsonb");
    for (const Field& field : resource.fields) {
        if (report) break;
        report = check_column(resource, table, field.column_name(), types_of(field));
        if (!report) report = check_filter(resource, table, field);
    }
    return report;
}

std::optional<SchemaReport> check_columns(Session& session, std::span<const Resource> resources) {
    const auto found = session.read(all_columns(resources));
    if (!found) return report_of(found.error());
    const std::vector<Table> tables = read_tables(*found, resources.size());
    for (std::size_t at = 0; at < resources.size(); ++at) {
        if (auto report = check_table(resources[at], tables[at])) return report;
    }
    return std::nullopt;
}

/// (place in `resources`, index, whether it is checked at once, its column where it decides on the
/// values of that one alone) of each unique index.
Statement unique_indexes(std::span<const Resource> resources) {
    return {fmt::format("SELECT d.place, c.relname, i.indimmediate, a.attname FROM {}"
                        " JOIN pg_index AS i ON i.indrelid = d.oid AND i.indisunique"
                        " JOIN pg_class AS c ON c.oid = i.indexrelid"
                        " LEFT JOIN pg_attribute AS a"
                        " ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
                        " AND i.indnkeyatts = 1 AND i.indisvalid AND i.indpred IS NULL",
                        places_and_oids),
            {names_of_tables(resources)},
            false};
}

SchemaReport deferrable(const Resource& resource, std::string_view constraint) {
    return {SchemaState::behind,
            fmt::format("PostgreSQL: the constraint {} is DEFERRABLE, so that every insert into"
                        " {} would fail; drop it, and add it without DEFERRABLE",
                        constraint, resource.sql_table())};
}

SchemaReport ambiguous(const Resource& resource, std::string_view column) {
    return {
        SchemaState::behind,
        fmt::format("PostgreSQL: {0}.{1} is not unique, so that nothing would refuse duplicates;"
                    " add a constraint: ALTER TABLE {0} ADD UNIQUE ({1})",
                    resource.sql_table(), quoted_identifier(column))};
}

/// Whether the tables can decide on unique values; nothing: they can. ON CONFLICT, which a resource
/// with unique fields needs, fails (55000) where any constraint is checked later than at the
/// statement's end.
std::optional<SchemaReport> check_unique(Session& session, std::span<const Resource> resources) {
    const auto found = session.read(unique_indexes(resources));
    if (!found) return report_of(found.error());
    std::vector<std::set<std::string, std::less<>>> unique(resources.size());
    for (const Row& row : *found) {
        const std::size_t place = place_of(row);
        const Resource& resource = resources[place];
        if (row[2] == "f" && std::ranges::any_of(resource.fields, &Field::unique)) {
            return deferrable(resource, row[1].value_or(""));
        }
        if (row[3]) unique[place].insert(*row[3]);
    }
    for (std::size_t place = 0; place < resources.size(); ++place) {
        const Resource& resource = resources[place];
        if (!unique[place].contains(resource.id_column)) {
            return ambiguous(resource, resource.id_column);
        }
        for (const Field& field : resource.fields) {
            if (field.unique && !unique[place].contains(field.column_name())) {
                return ambiguous(resource, field.column_name());
            }
        }
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
    // Half of the start with 200 resources, so in a session of its own beside the rest. What it
    // says is less clear than what the look at the columns says.
    auto probing = std::async(std::launch::async, [&] {
        Session other(database);
        return other.execute(probes(resources));
    });
    if (auto report = check_columns(session, resources)) return std::move(*report);
    auto report_of_unique = check_unique(session, resources);
    const auto foreign_keys = check_foreign_keys(session, resources);
    auto missing = missing_privileges(session, resources, settings.auth);
    if (const auto taken = probing.get(); !taken) return report_of(taken.error());
    if (report_of_unique) return std::move(*report_of_unique);
    if (!foreign_keys) return report_of(foreign_keys.error());
    if (!foreign_keys->empty()) return {SchemaState::behind, *foreign_keys};
    if (!missing) return report_of(missing.error());
    return {SchemaState::current, "settings and database schema are in order", std::move(*missing)};
}

}  // namespace larder
