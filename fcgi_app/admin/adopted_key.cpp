#include "admin/adopted_key.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "admin/constant_default.hpp"
#include "catalog/names.hpp"

namespace larder::admin {

namespace {

bool can_be_id(const Column& column) {
    return column.rules && (std::holds_alternative<Integer>(*column.rules) ||
                            std::holds_alternative<Uuid>(*column.rules));
}

AdoptedKey made_of(const Column& column, bool is_primary) {
    return {.column = column.name,
            .type = std::holds_alternative<Uuid>(*column.rules) ? IdType::uuid : IdType::integer,
            .is_primary = is_primary,
            .has_default = gives_value(column)};
}

std::string shown_key(const Table& table) {
    std::string names;
    for (const std::string& column : table.key) {
        names += (names.empty() ? "" : ", ") + quoted_identifier(column);
    }
    return names;
}

std::string lack_of_key(const Table& table) {
    std::string why = "has no primary key";
    if (table.key.size() == 1) {
        const Column* column = find_column(table, table.key[0]);
        why = fmt::format("has a key of the type {} ({})", column == nullptr ? "" : column->type,
                          shown_key(table));
    } else if (!table.key.empty()) {
        why = fmt::format("has a key of {} columns ({})", table.key.size(), shown_key(table));
    }
    return fmt::format(
        "{}, and a record is found by one column of integers or UUIDs; add one, which rewrites the"
        " table under a lock, and adopt it again: ALTER TABLE {} ADD COLUMN {} bigint GENERATED"
        " ALWAYS AS IDENTITY UNIQUE; a view would not do, because PostgreSQL's log does not name "
        "its"
        " rows, and caches would go stale",
        why, sql_name(table), find_column(table, "id") == nullptr ? "id" : "record_id");
}

}  // namespace

std::expected<AdoptedKey, std::string> key_of(const Table& table) {
    if (table.key.size() == 1) {
        const Column* column = find_column(table, table.key[0]);
        if (column != nullptr && can_be_id(*column)) return made_of(*column, true);
    }
    for (const Unique& unique : table.uniques) {
        if (unique.columns.size() != 1 || !unique.is_valid || unique.is_deferrable) continue;
        const Column* column = find_column(table, unique.columns[0]);
        if (column != nullptr && column->is_required && can_be_id(*column)) {
            return made_of(*column, false);
        }
    }
    return std::unexpected(lack_of_key(table));
}

bool gives_value(const Column& column) {
    return column.is_identity || column.is_generated || column.is_filled ||
           (column.default_sql && !is_null_default(*column.default_sql));
}

std::string sql_name(const Table& table) {
    const auto schema = table.schema == "public" ? table.schema : quoted_identifier(table.schema);
    return schema + '.' + quoted_identifier(table.name);
}

const Column* find_column(const Table& table, std::string_view name) {
    const auto found = std::ranges::find(table.columns, name, &Column::name);
    return found == table.columns.end() ? nullptr : &*found;
}

}  // namespace larder::admin
