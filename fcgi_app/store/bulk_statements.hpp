#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/change.hpp"
#include "catalog/resource.hpp"
#include "store/statements.hpp"

namespace larder {

/// A record to be added or changed together with others. Views of what the caller has.
struct BulkRow {
    const std::optional<std::string>* id;
    const Change* change;
};

/// The version of a record that is to be changed.
struct BulkVersion {
    const std::string* id;
    const std::string* xmin;
};

/// The SQL by which an import writes many records of one resource in one statement. The values
/// travel as one array for each column, which costs PostgreSQL less than a list of VALUES. The
/// statements take no locks of lists. Pure; any thread.
class BulkStatements {
public:
    /// The types of the columns of the tables, by resource and column (see `types`): a value in an
    /// array has no type of its own, as a literal has.
    using Types = std::map<std::string, std::string, std::less<>>;

    /// (column, type) of each column of a table.
    static Statement types(const Resource& resource);

    /// `types`: of this resource's columns, and `resource` outlives this.
    BulkStatements(const Resource& resource, Types types);

    /// Rows that may be in one statement have the same text here: those of an insertion, or (not
    /// `is_new`) of a change.
    std::string shape(const BulkRow& row, bool is_new) const;

    /// Adds records of one shape. `key`, unless null: a record of which another has this column's
    /// value is left out, and (key) of each that was added is given; else (). An id that is given
    /// is taken, whatever the column says.
    Statement insert(std::span<const BulkRow> rows, const std::string* key) const;

    /// Changes records, each if it still is this version: (number of the row from 1, bytes of the
    /// record if it is a document) of each. `rows` have one shape, and their changes are not empty.
    Statement update(std::span<const BulkRow> rows, std::span<const BulkVersion> versions) const;

    /// (value, id, xmin, unique fields…) of the records whose column has one of these values.
    Statement find(const std::string& column, const std::vector<std::string>& values) const;

    /// (value, id) of the same.
    Statement find_ids(const std::string& column, const std::vector<std::string>& values) const;

    /// Has the sequence of an integer id, if it has one, give larger numbers than these ids from
    /// now on.
    Statement advance_ids(const std::vector<std::string>& ids) const;

    const std::string& id_column() const { return resource_.id_column; }

private:
    const std::string& type_of(const std::string& column) const;
    std::string among(const std::string& column) const;

    const Resource& resource_;
    const Types types_;
    std::string table_;
};

}  // namespace larder
