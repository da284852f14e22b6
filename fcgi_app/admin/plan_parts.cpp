#include "admin/plan_parts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "admin/rules.hpp"
#include "admin/sql_text.hpp"
#include "catalog/names.hpp"

namespace larder::admin {

TableName table_of(const Resource& resource) { return {resource.schema, resource.table_name()}; }

std::string sql_of(const TableName& table) { return sql_table(table.schema, table.name); }

std::string shown_table(const TableName& table) {
    return table.schema == "public" ? table.name : table.schema + '.' + table.name;
}

const std::vector<Field>& stored_fields(const Resource& resource) {
    static const std::vector<Field> document = {Field{.name = "data", .type = Json{}}};
    return resource.is_document() ? document : resource.fields;
}

bool is_given(const Field& field) { return field.read_only; }

std::string future_value(const Target& target, const Field& field) {
    const Column* column = find_column(target.table, field.column_name());
    const std::string name = quoted_identifier(field.column_name());
    const std::string type(column_type(field.type));
    if (field.fill.empty()) return column == nullptr ? "NULL::" + type : name;
    const std::string fill = fmt::format("({})::{}", field.fill, type);
    return column == nullptr ? fill : fmt::format("coalesce({}::{}, {})", name, type, fill);
}

std::string do_block(std::string_view body, std::string_view declarations) {
    std::string mark = "$larder$";
    for (int i = 2; body.contains(mark); ++i) mark = fmt::format("$larder{}$", i);
    return fmt::format("DO {0}\n{1}BEGIN\n{2}END\n{0};\n", mark, declarations, body);
}

std::string free_index_name(const Target& target, const std::string& wanted,
                            const std::vector<std::string>& columns) {
    const auto is_taken = [&](const std::string& name) {
        return std::ranges::any_of(target.tables, [&](const Table& table) {
            const bool has_name =
                table.name == name || std::ranges::any_of(table.indexes, [&](const Index& index) {
                    const bool is_left = !index.is_valid && &table == &target.table &&
                                         (columns.empty() || index.columns[0] == columns[0]);
                    return index.name == name && !is_left;
                });
            return table.schema == target.table.schema && has_name;
        });
    };
    std::string name = wanted;
    for (int i = 2; is_taken(name); ++i) name = sql_name({wanted, std::to_string(i)});
    return name;
}

bool can_index(const Target& target, std::string_view column) {
    if (!target.table.is_parted) return true;
    target.plan.problems.push_back(fmt::format(
        "{}: the table has partitions or children, and PostgreSQL makes no index of all of them"
        " while others write; make one of each with CREATE INDEX CONCURRENTLY, and then that of the"
        " whole",
        target.column(column)));
    return false;
}

std::string drop_unfinished(const std::string& index) {
    return do_block(
        fmt::format("    IF EXISTS (SELECT FROM pg_index WHERE indexrelid ="
                    " to_regclass({0}) AND NOT indisvalid) THEN\n"
                    "        DROP INDEX {1};\n"
                    "    END IF;\n",
                    sql_literal(index), index));
}

std::string create_index(std::string_view what) {
    return fmt::format(
        "SET lock_timeout = 0;  -- it waits for open transactions, and holds nobody up\n"
        "CREATE {};\n"
        "SET lock_timeout = '1s';\n",
        what);
}

std::string column_exists(const Target& target, std::string_view column) {
    return fmt::format(
        "EXISTS (SELECT FROM pg_attribute WHERE attrelid = {}::regclass AND attname = {}"
        " AND NOT attisdropped)",
        sql_literal(target.sql), sql_literal(column));
}

std::string constraint_holds(const Target& target, std::string_view constraint) {
    return fmt::format(
        "EXISTS (SELECT FROM pg_constraint WHERE conrelid = {}::regclass AND conname = {}"
        " AND convalidated)",
        sql_literal(target.sql), sql_literal(constraint));
}

std::string condition_of(const Resource& resource, const Field& field, std::string_view value) {
    if (resource.is_document()) return fmt::format("jsonb_typeof({}) = 'object'", value);
    return is_given(field) ? std::string() : rule_sql(field.type, value);
}

std::string column_definition(const Field& field) {
    std::string text =
        fmt::format("{} {}", quoted_identifier(field.column_name()), column_type(field.type));
    if (is_text(field.type)) text += " COLLATE \"C\"";
    if (field.fallback) text += " DEFAULT " + default_sql(field.type, field.fallback->stored);
    return text;
}

std::string rows_where(const Target& target, std::string_view condition) {
    return fmt::format(
        "SELECT {0}::text, count(*) OVER () FROM {1} WHERE {2} ORDER BY {0} LIMIT 10", target.key(),
        target.sql, condition);
}

std::string cost_of_reading(const Table& table) {
    if (table.rows < 0) return "reads the whole table, while reads and writes go on";
    return fmt::format("reads the whole table, about {} rows, while reads and writes go on",
                       shown_count(table.rows));
}

std::string cost_of_indexing(const Table& table) {
    return "waits until the transactions that are open then have ended, and " +
           cost_of_reading(table);
}

}  // namespace larder::admin
