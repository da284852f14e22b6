#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/resource.hpp"
#include "query/query.hpp"
#include "query/statement.hpp"

/// SQL expressions by which PostgreSQL makes the text of a record, for a table that is called `t`.
/// All of it is pure and may be called by any thread.
namespace larder {

/// The names of members that are wanted; nothing: all.
using Members = std::optional<std::vector<std::string>>;

/// The column of a field, and that of the id.
std::string sql_column(const Field& field);
std::string sql_id(const Resource& resource);

/// The record as JSON. What it needs as parameters is added to `values`.
std::string row_json(const Resource& resource, const Members& members, query::Values& values);

/// A line of CSV (RFC 4180) without its end; the resource has fields.
std::string row_csv(const Resource& resource, const query::Query& query);

}  // namespace larder
