#include "records/privileges.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "json/text.hpp"

namespace larder {

namespace {

/// What workers do with the tables of resources, and with those of tokens and of keys, as JSON.
std::string wanted_privileges(std::span<const Resource> resources, bool has_tokens) {
    std::string json;
    const auto add_table = [&](std::string_view table, std::string_view id,
                               std::string_view privilege) {
        json += fmt::format(R"({}{{"t":{},"id":{},"p":"{}"}})", json.empty() ? '[' : ',',
                            json::quoted(table), json::quoted(id), privilege);
    };
    const auto add = [&](const Resource& resource, std::string_view privilege) {
        add_table(resource.sql_table(), resource.id_column, privilege);
    };
    if (has_tokens) {
        add_table("larder.tokens", "id", "SELECT");
        for (const auto* privilege : {"SELECT", "INSERT", "UPDATE"}) {
            add_table("larder.token_uses", "token", privilege);
        }
    }
    if (std::ranges::any_of(resources, &Resource::can_change)) {
        for (const auto* privilege : {"SELECT", "INSERT", "UPDATE", "DELETE"}) {
            add_table("larder.idempotency_keys", "key", privilege);
        }
    }
    for (const Resource& resource : resources) {
        add(resource, "SELECT");
        if (!resource.can_change) continue;
        if (resource.can_create) add(resource, "INSERT");
        add(resource, "UPDATE");
        add(resource, "DELETE");
    }
    return json.empty() ? "[]" : json + ']';
}

// A privilege on some columns only is taken for one on the table: the operator has chosen them. A
// sequence that is no identity is asked under the role's own name.
constexpr std::string_view missing =
    "WITH wanted AS MATERIALIZED (SELECT t, id, p, to_regclass(t) AS oid"
    " FROM json_to_recordset($1::json) AS w(t text, id text, p text)),"
    " lacking AS (SELECT t AS name, string_agg(p, ', ') AS what FROM wanted"
    " WHERE oid IS NOT NULL AND NOT CASE p WHEN 'DELETE' THEN has_table_privilege(oid, p)"
    " ELSE has_any_column_privilege(oid, p) END GROUP BY t"
    " UNION ALL SELECT 'SEQUENCE ' || s.oid::regclass, 'USAGE' FROM wanted"
    " JOIN pg_attribute AS a ON a.attrelid = wanted.oid AND a.attname = id AND a.attidentity = ''"
    " JOIN pg_depend AS d ON d.refobjid = a.attrelid AND d.refobjsubid = a.attnum"
    " AND d.classid = 'pg_class'::regclass"
    " JOIN pg_class AS s ON s.oid = d.objid WHERE p = 'INSERT' AND CASE s.relkind"
    " WHEN 'S' THEN NOT has_sequence_privilege(s.oid, 'USAGE') ELSE false END)"
    " SELECT string_agg(format('GRANT %s ON %s TO %I;', what, name, current_user), ' '"
    " ORDER BY name) FROM lacking";

}  // namespace

Expected<std::string> missing_privileges(Session& session, std::span<const Resource> resources,
                                         bool has_tokens) {
    const auto rows = session.read(
        {.sql = std::string(missing), .values = {wanted_privileges(resources, has_tokens)}});
    if (!rows) return std::unexpected(rows.error());
    return rows->at(0).at(0).value_or("");
}

}  // namespace larder
