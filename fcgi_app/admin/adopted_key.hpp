#pragma once

#include <expected>
#include <string>

#include "admin/table.hpp"
#include "catalog/resource.hpp"

namespace larder::admin {

/// The column that finds a record.
struct AdoptedKey {
    std::string column;
    IdType type = IdType::integer;
    bool is_primary = true;   ///< else a unique column: the log does not name it by itself
    bool has_default = true;  ///< the database gives it
};

/// The key of a table, or why it has none that does, and what would do: the primary key if it is
/// one column of integers or UUIDs, or else such a column that is unique and NOT NULL. Pure; any
/// thread.
std::expected<AdoptedKey, std::string> key_of(const Table& table);

/// Whether the database gives a value where a new row has none.
bool gives_value(const Column& column);

/// The table in SQL: `public."film"`.
std::string sql_name(const Table& table);

/// The column of this name; null: there is none.
const Column* find_column(const Table& table, std::string_view name);

}  // namespace larder::admin
