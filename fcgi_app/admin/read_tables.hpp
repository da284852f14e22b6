#pragma once

#include <compare>
#include <span>
#include <string>
#include <vector>

#include "admin/table.hpp"
#include "error.hpp"
#include "store/session.hpp"

namespace larder::admin {

struct TableName {
    std::string schema;
    std::string name;

    auto operator<=>(const TableName&) const = default;
};

/// What the database has of these tables, in their order; one that is not there is left out. Takes
/// a statement for each kind of thing, not for each table. The statements have snapshots of their
/// own: what others change meanwhile may be seen in part. Fails as Session::read does. For the
/// thread of the session.
Expected<std::vector<Table>> read_tables(Session& session, std::span<const TableName> names);

/// The names of all tables and views but PostgreSQL's and Larder's own, sorted.
Expected<std::vector<TableName>> table_names(Session& session);

}  // namespace larder::admin
