#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace larder::admin {

/// Parts of SQL texts. Pure; any thread.

/// `text` as an SQL string constant, whatever standard_conforming_strings says.
std::string sql_literal(std::string_view text);

/// A table in SQL, with its schema.
std::string sql_table(std::string_view schema, std::string_view name);

/// Names of columns in SQL: `"a", "b"`.
std::string sql_columns(const std::vector<std::string>& names);

/// `table_column_suffix`, within the 63 bytes that PostgreSQL keeps of a name: a longer one is cut
/// off and gets a hash of the whole, so that two of them stay apart.
std::string sql_name(std::initializer_list<std::string_view> parts);

/// A text as a short part of a name, the same on every machine.
std::string hash_name(std::string_view text);

/// The value of an expression that is a constant, as pg_get_expr shows it: `'draft'::text`,
/// `(0)::numeric`, `true`. False: it is none, or NULL.
bool is_constant(std::string_view expression, std::string& value);

/// A number with its thousands apart: `3,000,000`.
std::string shown_count(double count);

}  // namespace larder::admin
