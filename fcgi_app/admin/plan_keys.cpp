// What may stand in a table only once.

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "admin/plan_parts.hpp"
#include "admin/sql_text.hpp"
#include "catalog/names.hpp"

namespace larder::admin {

namespace {

bool is_on(const Unique& unique, const std::string& column) {
    return unique.columns == std::vector{column};
}

std::string has_constraint(const Target& target, const std::string& name) {
    return fmt::format(
        "EXISTS (SELECT FROM pg_constraint WHERE conrelid = {}::regclass AND conname = {})",
        sql_literal(target.sql), sql_literal(name));
}

/// Without a lock that keeps writers away. An index that was not finished is made anew.
std::string add_unique(const Target& target, const std::string& column, const std::string& name) {
    return drop_unfinished(sql_table(target.table.schema, name)) +
           create_index(fmt::format("UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {} ON {} ({})",
                                    quoted_identifier(name), target.sql,
                                    quoted_identifier(column))) +
           do_block(
               fmt::format("    IF NOT {0} THEN\n"
                           "        ALTER TABLE {1} ADD CONSTRAINT {2} UNIQUE USING INDEX {2};\n"
                           "    END IF;\n",
                           has_constraint(target, name), target.sql, quoted_identifier(name)));
}

std::string drop_constraint(const Target& target, const std::string& name) {
    return fmt::format("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {};\n", target.sql,
                       quoted_identifier(name));
}

Violators duplicates(const Target& target, const Field& field) {
    const std::string value = '(' + future_value(target, field) + ')';
    return {.words = fmt::format("have a value of {} that another has, too; change them first",
                                 target.column(field.name)),
            .sql = rows_where(target, fmt::format("{0} IN (SELECT {0} FROM {1} GROUP BY 1"
                                                  " HAVING count(*) > 1)",
                                                  value, target.sql))};
}

void require_unique(const Target& target, const Field& field) {
    const std::string& column = field.column_name();
    if (!can_index(target, column)) return;
    const std::string name =
        free_index_name(target, sql_name({target.table.name, column, "key"}), {column});
    target.add({.subject = target.column(column),
                .words = "let no two rows have the same value (UNIQUE)",
                .cost = fmt::format("{}; {}", short_lock, cost_of_indexing(target.table)),
                .deploy = add_unique(target, column, name),
                .revert = drop_constraint(target, name),
                .verify = constraint_holds(target, name),
                .violators = duplicates(target, field)});
}

/// A duplicate would be refused although the description allows it.
void allow_duplicates(const Target& target, const Unique& unique) {
    const std::string& column = unique.columns[0];
    const bool is_referred_to = std::ranges::any_of(target.tables, [&](const Table& table) {
        return std::ranges::any_of(table.foreign_keys, [&](const ForeignKey& key) {
            return key.to_schema == target.table.schema && key.to_table == target.table.name &&
                   key.to_column == column;
        });
    });
    if (!unique.is_constraint || is_referred_to) {
        target.plan.notes.push_back(fmt::format(
            "{}: the {} {} refuses duplicates, and the description does not say unique"
            " = true; it stays",
            target.column(column), unique.is_constraint ? "constraint" : "index", unique.name));
        return;
    }
    target.add(
        {.phase = Phase::contract,
         .subject = target.column(column),
         .words = fmt::format("let rows have the same value (drop the constraint {})", unique.name),
         .cost = std::string(short_lock),
         .deploy = drop_constraint(target, unique.name),
         .revert = add_unique(target, column, unique.name),
         .verify = "NOT " + has_constraint(target, unique.name)});
}

bool can_be_unique(const Field& field) {
    return std::holds_alternative<Text>(field.type) ||
           std::holds_alternative<Integer>(field.type) ||
           std::holds_alternative<Uuid>(field.type) || std::holds_alternative<Enum>(field.type) ||
           field.reference() != nullptr;
}

}  // namespace

void plan_unique(const Target& target) {
    for (const Field& field : target.resource.fields) {
        const std::string& column = field.column_name();
        const auto found = std::ranges::find_if(target.table.uniques, [&](const Unique& unique) {
            return is_on(unique, column) && unique.is_valid && !unique.is_deferrable;
        });
        const bool is_unique = found != target.table.uniques.end();
        if (field.unique && !is_unique) require_unique(target, field);
        const Column* had = find_column(target.table, column);
        const bool is_surplus = is_unique && !field.unique && can_be_unique(field) &&
                                !is_given(field) && had != nullptr && had->has_one_text;
        if (is_surplus) allow_duplicates(target, *found);
    }
    // INSERT … ON CONFLICT fails wherever any constraint of the table is checked later.
    const bool has_unique = std::ranges::any_of(target.resource.fields, &Field::unique);
    for (const Unique& unique : target.table.uniques) {
        if (!has_unique || !unique.is_deferrable) continue;
        target.plan.problems.push_back(fmt::format(
            "{0}: the constraint {1} is DEFERRABLE, so that every insert would fail; drop it, and"
            " add it without DEFERRABLE",
            target.name, unique.name));
    }
}

}  // namespace larder::admin
