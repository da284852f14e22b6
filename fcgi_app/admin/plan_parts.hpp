#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/adopted_key.hpp"
#include "admin/plan.hpp"
#include "admin/read_tables.hpp"
#include "admin/table.hpp"
#include "catalog/names.hpp"
#include "catalog/resource.hpp"

namespace larder::admin {

/// The parts of make_plan (admin/plan.hpp), a file for each group of things. Each adds its steps,
/// problems and notes to the plan.

/// A resource and the table that it has. All of it outlives the planning.
struct Target {
    const Resource& resource;
    const Table& table;  ///< as the database has it
    std::span<const Table> tables;
    Plan& plan;
    std::string name;  ///< of the table in messages
    std::string sql;   ///< of the table in SQL

    void add(Step step) const { plan.steps.push_back(std::move(step)); }
    std::string column(std::string_view one) const { return name + '.' + std::string(one); }
    std::string key() const { return quoted_identifier(resource.id_column); }  ///< in SQL
};

/// A table that is not there yet.
void plan_new_table(const Resource& resource, Plan& plan);

void plan_columns(const Target& target);
void plan_rules(const Target& target, const Field& field, const Column& column);
void plan_unique(const Target& target);
void plan_indexes(const Target& target);
/// Foreign keys, once all tables and columns are there.
void plan_references(const Target& target, std::span<const Resource> resources);
void plan_log(const Target& target);                            ///< what the feed needs
void plan_key(const Target& target);                            ///< the id
void plan_left_over(const Target& target, const Drops& drops);  ///< what no description names
void plan_dropped_tables(std::span<const Resource> resources, std::span<const Table> tables,
                         const Drops& drops, Plan& plan);

TableName table_of(const Resource& resource);
std::string sql_of(const TableName& table);
std::string shown_table(const TableName& table);  ///< with the schema where it is not public

/// Those of a resource; of documents the one column that they are in.
const std::vector<Field>& stored_fields(const Resource& resource);

/// Whether the values of a field are the database's matter.
bool is_given(const Field& field);

/// The expression whose values are going to be in the column of a field.
std::string future_value(const Target& target, const Field& field);

/// An index that a description needs.
struct WantedIndex {
    std::string subject;  ///< a column; empty: several
    std::string name;
    std::string definition;            ///< what follows USING
    std::vector<std::string> columns;  ///< that it begins with; empty: it is known by its name
    std::size_t collations = 0;        ///< how many of them by code point, against their columns
    bool has_order = false;            ///< that of the key comes next
    bool has_nulls = false;  ///< of which many are equal, also where the values are unique
};

/// `table` null: it is about to be made.
std::vector<WantedIndex> wanted_indexes(const Resource& resource, const Table* table);

/// A name that no other relation of the schema has, like `wanted`. An index on these columns that
/// was not finished does not count: it is made anew.
std::string free_index_name(const Target& target, const std::string& wanted,
                            const std::vector<std::string>& columns);

// Texts that several parts need.

/// Whether an index can be made while others write. If not, the plan tells what to do.
bool can_index(const Target& target, std::string_view column);

/// Drops an index that an interruption has left unfinished.
std::string drop_unfinished(const std::string& index);

/// `CREATE …`, for an index that is made while others write.
std::string create_index(std::string_view what);

/// An anonymous block of PL/pgSQL.
std::string do_block(std::string_view body, std::string_view declarations = {});

std::string column_exists(const Target& target, std::string_view column);
std::string constraint_holds(const Target& target, std::string_view constraint);

/// The rules of a field on its column as a condition; documents are objects.
std::string condition_of(const Resource& resource, const Field& field, std::string_view value);

/// `name type COLLATE … DEFAULT …`, without NOT NULL.
std::string column_definition(const Field& field);

/// The first 10 rows, by id, for which `condition` holds, and the number of all of them.
std::string rows_where(const Target& target, std::string_view condition);

/// What reading a whole table means: `reads the whole table, about 3,000,000 rows, while reads and
/// writes go on`.
std::string cost_of_reading(const Table& table);

/// The same for an index that is made while others write.
std::string cost_of_indexing(const Table& table);

inline constexpr std::string_view short_lock = "takes a short lock";

}  // namespace larder::admin
