#include "store/bulk_statements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "catalog/names.hpp"

namespace larder {

namespace {

/// The texts of PostgreSQL's arrays of a statement, a column each.
class Arrays {
public:
    explicit Arrays(std::size_t columns) : texts_(columns, "{") {}

    void add(std::size_t column, const std::optional<std::string>& value) {
        if (value) {
            add_text(column, *value);
        } else {
            begin(column) += "NULL";
        }
    }
    void add_text(std::size_t column, std::string_view value) {
        std::string& text = begin(column);
        text += '"';
        for (const char c : value) {
            if (c == '"' || c == '\\') text += '\\';
            text += c;
        }
        text += '"';
    }

    std::vector<std::optional<std::string>> take() {
        std::vector<std::optional<std::string>> values;
        for (std::string& text : texts_) values.emplace_back(std::move(text) + '}');
        return values;
    }

private:
    std::string& begin(std::size_t column) {
        std::string& text = texts_[column];
        if (text.size() > 1) text += ',';
        return text;
    }

    std::vector<std::string> texts_;
};

/// `unnest($1::text[], …) AS larder_row (c1, …)`.
std::string source(std::size_t columns) {
    std::string arrays;
    std::string names;
    for (std::size_t at = 1; at <= columns; ++at) {
        const std::string_view comma = at == 1 ? "" : ", ";
        arrays += fmt::format("{}${}::text[]", comma, at);
        names += fmt::format("{}c{}", comma, at);
    }
    return fmt::format("unnest({}) AS larder_row ({})", arrays, names);
}

/// The fields for which the changes of a shape have values.
std::vector<const Field*> sent_fields(const Change& change) {
    std::vector<const Field*> fields;
    for (const Assignment& one : change.assignments) fields.push_back(one.field);
    return fields;
}

}  // namespace

Statement BulkStatements::types(const Resource& resource) {
    return once(
        fmt::format("SELECT attname, format_type(atttypid, -1) FROM pg_attribute"
                    " WHERE attrelid = {}::regclass AND attnum > 0 AND NOT attisdropped",
                    quoted_literal(resource.sql_table())));
}

BulkStatements::BulkStatements(const Resource& resource, Types types)
    : resource_(resource), types_(std::move(types)), table_(resource.sql_table()) {}

const std::string& BulkStatements::type_of(const std::string& column) const {
    static const std::string text = "text";
    const auto found = types_.find(column);
    return found == types_.end() ? text : found->second;
}

std::string BulkStatements::shape(const BulkRow& row, bool is_new) const {
    std::string shape = is_new && *row.id ? "1" : "0";
    if (resource_.is_document()) return shape;
    auto sent = row.change->assignments.begin();
    for (const Field& field : resource_.fields) {
        const bool is_sent = sent != row.change->assignments.end() && sent->field == &field;
        if (is_sent) ++sent;
        // A column without a value is NULL in a new record, unless it has a default of its own.
        shape += is_sent || (is_new && !field.database_default && !field.read_only) ? '1' : '0';
    }
    return shape;
}

Statement BulkStatements::insert(std::span<const BulkRow> rows, const std::string* key) const {
    const std::string form = shape(rows.front(), true);
    const bool has_id = form.front() == '1';
    std::vector<const Field*> fields;
    for (std::size_t at = 0; at < resource_.fields.size(); ++at) {
        if (form[at + 1] == '1') fields.push_back(&resource_.fields[at]);
    }
    std::vector<std::string> columns;
    std::vector<std::string> values;
    std::size_t parameter = 0;
    const auto add = [&](const std::string& column, std::string_view more = "") {
        columns.push_back(quoted_identifier(column));
        values.push_back(fmt::format("larder_row.c{}::{}{}", ++parameter, type_of(column), more));
    };
    if (has_id) add(resource_.id_column);
    if (resource_.is_document()) add("data", " - 'id'");
    for (const Field* field : fields) add(field->column_name());
    if (parameter == 0) {
        // Nothing is given but the number of rows.
        columns.push_back(quoted_identifier(resource_.id_column));
        values.emplace_back(resource_.generates_id ? "gen_random_uuid()" : "DEFAULT");
    } else if (!has_id && resource_.generates_id) {
        columns.push_back(quoted_identifier(resource_.id_column));
        values.emplace_back("gen_random_uuid()");
    }
    const bool is_bare = parameter == 0;
    Arrays arrays(parameter);
    for (const BulkRow& row : rows) {
        std::size_t at = 0;
        if (has_id) arrays.add(at++, *row.id);
        if (resource_.is_document()) arrays.add_text(at++, row.change->document);
        auto sent = row.change->assignments.begin();
        for (const Field* field : fields) {
            const bool is_sent = sent != row.change->assignments.end() && sent->field == field;
            arrays.add(at++, is_sent ? (sent++)->value : std::nullopt);
        }
    }
    std::string rows_of =
        fmt::format("SELECT {} FROM {}", fmt::join(values, ", "), source(parameter));
    if (is_bare) {
        std::vector<std::string> lines(rows.size(), '(' + values.front() + ')');
        rows_of = fmt::format("VALUES {}", fmt::join(lines, ", "));
    }
    const std::string kept =
        key == nullptr ? std::string()
                       : fmt::format(" ON CONFLICT ({0}) DO NOTHING RETURNING t.{0}::text",
                                     quoted_identifier(*key));
    return {.sql = fmt::format("INSERT INTO {} AS t ({}){} {}{}", table_, fmt::join(columns, ", "),
                               has_id ? " OVERRIDING SYSTEM VALUE" : "", rows_of, kept),
            .values = arrays.take(),
            .is_repeated = false};
}

// `= ANY (ARRAY[…])` and not `=`: the rows are then looked for one by one, in their order. A hash
// join, for one, could change and so lock them in any order.
Statement BulkStatements::update(std::span<const BulkRow> rows,
                                 std::span<const BulkVersion> versions) const {
    constexpr std::size_t own = 3;  // number, id, xmin
    const auto fields = sent_fields(*rows.front().change);
    std::vector<std::string> settings;
    if (resource_.is_document()) {
        settings.emplace_back("data = t.data || (larder_row.c4::jsonb - 'id')");
    }
    for (std::size_t at = 0; at < fields.size(); ++at) {
        settings.push_back(fmt::format("{} = larder_row.c{}::{}",
                                       quoted_identifier(fields[at]->column_name()), own + at + 1,
                                       type_of(fields[at]->column_name())));
    }
    Arrays arrays(own + settings.size());
    for (std::size_t at = 0; at < rows.size(); ++at) {
        const Change& change = *rows[at].change;
        arrays.add_text(0, std::to_string(at + 1));
        arrays.add_text(1, *versions[at].id);
        arrays.add_text(2, *versions[at].xmin);
        if (resource_.is_document()) arrays.add_text(own, change.document);
        for (std::size_t i = 0; i < fields.size(); ++i) {
            arrays.add(own + i, change.assignments[i].value);
        }
    }
    return {
        .sql = fmt::format(
            "UPDATE {} AS t SET {} FROM {} WHERE t.{} = ANY (ARRAY[larder_row.c2::{}]) AND t.xmin ="
            " larder_row.c3::xid RETURNING larder_row.c1, {}",
            table_, fmt::join(settings, ", "), source(own + settings.size()),
            quoted_identifier(resource_.id_column), type_of(resource_.id_column),
            resource_.is_document() ? "octet_length(t.data::text)" : "0"),
        .values = arrays.take(),
        .is_repeated = false};
}

/// Whether the column has one of the values of the first parameter. A number that a small column
/// cannot have is among them at times, and is no error.
std::string BulkStatements::among(const std::string& column) const {
    const std::string& type = type_of(column);
    const bool is_small = type == "integer" || type == "smallint";
    return fmt::format("t.{} = ANY($1::{}[])", quoted_identifier(column),
                       is_small ? "bigint" : type);
}

Statement BulkStatements::find(const std::string& column,
                               const std::vector<std::string>& values) const {
    std::string unique;
    for (const Field& field : resource_.fields) {
        if (field.unique) unique += ", t." + quoted_identifier(field.column_name());
    }
    return {.sql = fmt::format("SELECT t.{}::text, t.{}::text, t.xmin{} FROM {} AS t WHERE {}",
                               quoted_identifier(column), quoted_identifier(resource_.id_column),
                               unique, table_, among(column)),
            .values = {quoted_array(values)},
            .is_repeated = false};
}

Statement BulkStatements::find_ids(const std::string& column,
                                   const std::vector<std::string>& values) const {
    return {.sql = fmt::format("SELECT t.{}::text, t.{}::text FROM {} AS t WHERE {}",
                               quoted_identifier(column), quoted_identifier(resource_.id_column),
                               table_, among(column)),
            .values = {quoted_array(values)},
            .is_repeated = false};
}

// setval could take a number back that another transaction has been given since: two would get it.
// So a few numbers are passed by nextval, which never does that; over many of them no other
// transaction gets within one statement. An id in the last sixteenth of the numbers that the
// sequence has, or beyond, is left alone: one row could use all of them up, and no further record
// could be made.
Statement BulkStatements::advance_ids(const std::vector<std::string>& ids) const {
    constexpr int few = 10000;
    const std::string sequence =
        fmt::format("pg_get_serial_sequence({}, {})", quoted_literal(table_),
                    quoted_literal(resource_.id_column));
    return {.sql = fmt::format(
                "SELECT CASE WHEN s.gap IS NULL OR s.gap <= 0 THEN 0 WHEN s.gap <= {0} THEN"
                " (SELECT max(passed.id) FROM (SELECT nextval(s.name::regclass) AS id FROM "
                "generate_series(1, s.gap)) AS passed)"
                " ELSE setval(s.name::regclass, s.largest) END FROM (SELECT n.name, n.largest,"
                " n.largest - coalesce(pg_sequence_last_value(n.name::regclass), 0) AS gap"
                " FROM (SELECT k.name, (SELECT max(sent.id) FROM unnest($1::bigint[]) AS sent (id)"
                " WHERE sent.id <= q.seqmax - q.seqmax / 16) AS largest FROM (SELECT {1} AS name)"
                " AS k JOIN pg_catalog.pg_sequence AS q ON q.seqrelid = k.name::regclass) AS n)"
                " AS s",
                few, sequence),
            .values = {quoted_array(ids)},
            .is_repeated = false};
}

}  // namespace larder
