#include "store/record_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "catalog/names.hpp"

namespace larder {

std::string sql_column(const Field& field) { return "t." + quoted_identifier(field.column_name()); }

std::string sql_id(const Resource& resource) {
    return resource.id_column == "id" ? "t.id" : "t." + quoted_identifier(resource.id_column);
}

namespace {

/// The text of a column as JSON, or NULL. A foreign edit may have left an infinite instant,
/// or one before the year 1, which ends in BC.
std::string value_json(const Field& field) {
    const std::string name = sql_column(field);
    const Reference* reference = field.reference();
    if ((reference != nullptr && reference->id == IdType::integer) ||
        std::holds_alternative<Integer>(field.type) ||
        std::holds_alternative<Boolean>(field.type) || field.is_json()) {
        return fmt::format("({})::text", name);
    }
    if (std::holds_alternative<Timestamp>(field.type)) {
        return fmt::format(
            "CASE WHEN isfinite({0}) AND {0} >= '0001-01-01 00:00:00+00'"
            " THEN rtrim(to_json({0} AT TIME ZONE 'UTC')::text, '\"') || 'Z\"' ELSE "
            "to_json({0})::text END",
            name);
    }
    return fmt::format("to_json({})::text", name);
}

/// The text of a column in CSV (RFC 4180); nothing between two commas is null. Text is always in
/// quotes: so an empty one is none that is missing, and a reader that trims blanks, or knows COPY's
/// `\.`, finds what was there. `concat` keeps the blanks that char(n) has at its end, as JSON does.
std::string value_csv(const Field& field) {
    const std::string name = sql_column(field);
    const auto quoted = [&](const std::string& text) {
        return fmt::format(R"(COALESCE('"' || replace({}, '"', '""') || '"', ''))", text);
    };
    if (std::holds_alternative<Text>(field.type) || std::holds_alternative<Enum>(field.type)) {
        return fmt::format("CASE WHEN {0} IS NULL THEN '' ELSE {1} END", name,
                           quoted(fmt::format("concat({})", name)));
    }
    // JSON's null and that of SQL are one.
    if (field.is_json()) return quoted(fmt::format("nullif(({})::text, 'null')", name));
    if (std::holds_alternative<Other>(field.type)) {
        return quoted(fmt::format("(to_json({}) #>> '{{}}')", name));
    }
    return fmt::format(R"(COALESCE(btrim({}, '"'), ''))", value_json(field));
}

/// A document, or of its members those that are named.
std::string document_json(const std::string& id, const Members& members, query::Values& values) {
    if (!members) return fmt::format("(jsonb_build_object('id', {}) || t.data)::text", id);
    return fmt::format(
        "(jsonb_build_object('id', {}) || COALESCE((SELECT jsonb_object_agg(m.key, m.value)"
        " FROM jsonb_each(t.data) AS m WHERE m.key = ANY({}::text[])), '{{}}'))::text",
        id, values.add(quoted_array(*members)));
}

}  // namespace

// Put together from its members, which takes PostgreSQL a fifth less time than row_to_json. A
// number need not be one: numeric has NaN, for which to_json has an answer.
std::string row_json(const Resource& resource, const Members& members, query::Values& values) {
    const std::string id = sql_id(resource);
    if (resource.is_document()) return document_json(id, members, values);
    std::string json = resource.id == IdType::integer
                           ? fmt::format(R"(('{{"id":' || {})", id)
                           : fmt::format(R"(('{{"id":"' || {} || '"')", id);
    for (const Field& field : resource.fields) {
        if (members && std::ranges::find(*members, field.name) == members->end()) continue;
        json +=
            fmt::format(R"( || ',"{}":' || COALESCE({}, 'null'))", field.name, value_json(field));
    }
    return json + " || '}')";
}

std::string row_csv(const Resource& resource, const query::Query& query) {
    std::string line = fmt::format("({}::text", sql_id(resource));
    for (const Field& field : resource.fields) {
        if (query.shows(field.name)) line += fmt::format(" || ',' || {}", value_csv(field));
    }
    return line + ')';
}

}  // namespace larder
