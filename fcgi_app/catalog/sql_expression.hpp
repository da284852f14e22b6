#pragma once

#include <string>
#include <string_view>

namespace larder {

/// Where an SQL text of a description stands.
enum class SqlPlace {
    where,  ///< an expression over the columns
    from,   ///< a table expression
    fill,   ///< an expression over the columns whose values are stored: it may depend on anything
};

/// Why a text cannot be such a part of a list's query, and what would be right, as the end of a
/// sentence; empty: nothing was found. PostgreSQL decides whether it is valid SQL
/// (records/schema.hpp). Here it is held to be one part, which ends where the text ends, and to
/// something that changes only when a record does: a cached list would not follow a clock or
/// another table. By words only, so a function may hide a clock. Pure; any thread.
std::string unusable_sql(std::string_view sql, SqlPlace place);

}  // namespace larder
