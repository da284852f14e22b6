#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catalog/resource.hpp"

namespace larder::admin {

/// What a database has of a table, as far as descriptions can say it or a change of it has to know
/// it. Plain values, read once (admin/read_tables.hpp); any thread.

/// A CHECK constraint. One that is understood is wholly in the `rules` of its column; any other is
/// nothing that a description can say, and stays as it is.
struct Check {
    std::string name = {};
    std::string expression = {};            ///< as pg_get_expr shows it
    std::vector<std::string> columns = {};  ///< that it names
    bool is_understood = false;
    bool is_validated = true;
};

/// A UNIQUE constraint or a unique index of all rows (no WHERE) over columns, not expressions.
struct Unique {
    std::string name = {};
    std::vector<std::string> columns = {};
    bool is_constraint = true;  ///< false: a bare index
    bool is_deferrable = false;
    bool is_valid = true;
};

enum class OnDelete { no_action, restrict, cascade, set_null, set_default };

/// A foreign key of one column.
struct ForeignKey {
    std::string name = {};
    std::string column = {};
    std::string to_schema = {};
    std::string to_table = {};
    std::string to_column = {};
    OnDelete on_delete = OnDelete::no_action;
    bool is_validated = true;
};

/// A foreign key of several columns, which no field can say.
struct WideForeignKey {
    std::string name = {};
    std::vector<std::string> columns = {};
    std::string to_schema = {};
    std::string to_table = {};
    std::vector<std::string> to_columns = {};
    OnDelete on_delete = OnDelete::no_action;
    bool is_validated = true;
};

/// Any index, unique ones and that of the key too.
struct Index {
    std::string name = {};
    std::vector<std::string> columns = {};  ///< names of columns; an expression is an empty text
    std::string definition = {};            ///< as pg_get_indexdef shows it
    bool is_unique = false;
    bool is_partial = false;
    bool is_valid = true;
    bool is_deferrable = false;      ///< of a constraint that is checked late
    std::string access_method = {};  ///< btree, gin, …
};

struct Column {
    std::string name = {};
    /// As format_type shows it: `bigint`, `character varying(20)`, the name of a domain.
    std::string type = {};
    std::string base_type = {};  ///< the same with domains resolved
    /// The type of a field with all that the column's type, its domain and its understood CHECKs
    /// demand. Nothing: no type of a field shows it (`other`).
    std::optional<FieldType> rules = {};
    bool is_required = false;                     ///< NOT NULL, also by a domain
    std::optional<std::string> default_sql = {};  ///< as pg_get_expr shows it
    bool is_generated = false;                    ///< GENERATED ALWAYS AS (…) STORED
    bool is_identity = false;                     ///< GENERATED … AS IDENTITY
    bool is_filled = false;  ///< for each new row, by the trigger tsvector_update_trigger
    /// Whether equal values have one text. Not so: char(n), citext, a nondeterministic collation. A
    /// field of such a column cannot be `unique`, whose check compares texts.
    bool has_one_text = true;
    bool has_unknown_rule = false;  ///< its domain has a CHECK that is not understood
    std::string collation = {};     ///< in SQL, where it is not that of the type: `"C"`
    std::string comment = {};
};

struct Table {
    std::string schema = {};
    std::string name = {};
    std::string comment = {};
    bool is_view = false;    ///< or a materialized or foreign one: nothing that can be published
    bool is_parted = false;  ///< rows are in partitions or children, by which the log names them
    std::vector<Column> columns = {};   ///< in their order
    std::vector<std::string> key = {};  ///< columns of the primary key; empty: there is none
    std::vector<Check> checks = {};
    std::vector<Unique> uniques = {};
    std::vector<ForeignKey> foreign_keys = {};
    std::vector<WideForeignKey> wide_foreign_keys = {};
    std::vector<Index> indexes = {};
    bool is_replica_identity_full = false;
    bool is_published = false;      ///< by the publication `larder`
    bool has_row_triggers = false;  ///< BEFORE INSERT or UPDATE, which may change any value
    bool is_own = true;             ///< the role may change it: it is a member of the owner
    double rows = 0;                ///< PostgreSQL's estimate; below 0: not known yet
    std::int64_t bytes = 0;         ///< with indexes and TOAST
};

}  // namespace larder::admin
