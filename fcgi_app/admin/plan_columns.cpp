// The columns of a table: what is missing, its default, whether it may be empty, its old rows.

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "admin/plan_parts.hpp"
#include "admin/rules.hpp"
#include "admin/sql_text.hpp"
#include "catalog/names.hpp"

namespace larder::admin {

namespace {

/// Gives the rows of a table that have no value of a column one, 1,000 rows a transaction: a row is
/// locked for as long as its batch takes. What the expression gives no value for stays empty.
std::string fill_rows(const Target& target, const Field& field) {
    const std::string column = quoted_identifier(field.column_name());
    const std::string_view key = target.resource.id == IdType::integer ? "bigint" : "uuid";
    return do_block(
        fmt::format("    SELECT {3} FROM {0} ORDER BY {3} LIMIT 1 INTO larder_last;\n"
                    "    UPDATE {0} SET {1} = ({2}) WHERE {3} = larder_last AND {1} IS NULL;\n"
                    "    LOOP\n"
                    "        SELECT array_agg(batch.{3} ORDER BY batch.{3}) FROM (\n"
                    "            SELECT {3} FROM {0} WHERE {3} > larder_last AND {1} IS NULL\n"
                    "            ORDER BY {3} LIMIT 1000) AS batch INTO larder_batch;\n"
                    "        EXIT WHEN larder_batch IS NULL;\n"
                    "        UPDATE {0} SET {1} = ({2})\n"
                    "            WHERE {3} = ANY (larder_batch) AND {1} IS NULL;\n"
                    "        larder_last := larder_batch[cardinality(larder_batch)];\n"
                    "        COMMIT;\n"
                    "    END LOOP;\n",
                    target.sql, column, field.fill, target.key()),
        fmt::format("#variable_conflict use_column\n"
                    "DECLARE\n    larder_last {0};\n    larder_batch {0}[];\n",
                    key));
}

std::string set_not_null(const Target& target, const std::string& column) {
    const std::string check = quoted_identifier(sql_name({target.table.name, column, "present"}));
    return fmt::format(
        "ALTER TABLE {0} DROP CONSTRAINT IF EXISTS {1},\n"
        "    ADD CONSTRAINT {1} CHECK ({2} IS NOT NULL) NOT VALID;\n"
        "ALTER TABLE {0} VALIDATE CONSTRAINT {1};\n"
        "BEGIN;\n"
        "ALTER TABLE {0} ALTER COLUMN {2} SET NOT NULL;\n"
        "ALTER TABLE {0} DROP CONSTRAINT {1};\n"
        "COMMIT;\n",
        target.sql, check, quoted_identifier(column));
}

/// As far as the rows that there are allow it.
std::string restore_not_null(const Target& target, const std::string& column) {
    return do_block(
        fmt::format("    ALTER TABLE {0} ALTER COLUMN {1} SET NOT NULL;\n"
                    "EXCEPTION WHEN not_null_violation THEN\n"
                    "    RAISE WARNING '% stays without NOT NULL: it has empty rows', {2};\n",
                    target.sql, quoted_identifier(column), sql_literal(target.column(column))));
}

std::string is_not_null(const Target& target, const std::string& column) {
    return fmt::format(
        "EXISTS (SELECT FROM pg_attribute WHERE attrelid = {}::regclass AND attname = {}"
        " AND attnotnull)",
        sql_literal(target.sql), sql_literal(column));
}

/// Rows that the expression of a field gives no value that the field takes, of those that match.
Violators unfilled(const Target& target, const Field& field, std::string_view which) {
    const std::string value = fmt::format("({})::{}", field.fill, column_type(field.type));
    std::string wrong = fmt::format("{} IS NULL", value);
    const auto rule = condition_of(target.resource, field, value);
    if (!rule.empty()) wrong += fmt::format(" OR NOT ({})", rule);
    return {.words = fmt::format("get no value that {} takes from its `fill`",
                                 target.column(field.name)),
            .sql = rows_where(target, fmt::format("{}({})", which, wrong))};
}

Violators without_value(const Target& target, const Field& field, std::string_view condition) {
    const bool is_new = find_column(target.table, field.column_name()) == nullptr;
    return {.words = fmt::format("have no value of {}; give the field {}`fill = \"SQL\"`,"
                                 " change the rows, or let the field be optional",
                                 target.column(field.name), is_new ? "a `default` or " : ""),
            .sql = rows_where(target, condition)};
}

/// Rows without a value whose `fill` gives one that another row has or gets. A worker of the former
/// descriptions may have written them since the constraint was made.
Violators filled_twice(const Target& target, const Field& field) {
    const std::string column = quoted_identifier(field.column_name());
    const std::string value = '(' + future_value(target, field) + ')';
    return {
        .words = fmt::format("get a value from its `fill` that another row has or gets, too; give"
                             " them another one (UPDATE {} SET {} = … WHERE {} = …), or change"
                             " the `fill`",
                             target.sql, column, target.key()),
        .sql = rows_where(target, fmt::format("{0} IS NULL AND {1} IN (SELECT {1} FROM {2}"
                                              " GROUP BY 1 HAVING count(*) > 1)",
                                              column, value, target.sql))};
}

Step fill_step(const Target& target, const Field& field, Phase phase) {
    return {.phase = phase,
            .subject = target.column(field.column_name()),
            .words = fmt::format("fill the rows that have no value with {}", field.fill),
            .cost = "changes 1,000 rows at a time, each locked for as long as its batch takes; " +
                    cost_of_reading(target.table),
            .deploy = fill_rows(target, field)};
}

/// Old workers may write rows without a value until the restart, so the rest is filled after it.
void require(const Target& target, const Field& field, std::optional<Violators> violators) {
    const std::string& column = field.column_name();
    if (!field.fill.empty()) target.add(fill_step(target, field, Phase::contract));
    target.add({.phase = Phase::contract,
                .subject = target.column(column),
                .words = "require a value (NOT NULL)",
                .cost = fmt::format("{}; {}", short_lock, cost_of_reading(target.table)),
                .deploy = set_not_null(target, column),
                .revert = fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL;\n", target.sql,
                                      quoted_identifier(column)),
                .verify = is_not_null(target, column),
                .violators = std::move(violators)});
}

void add_rule(const Target& target, const Field& field) {
    const std::string& column = field.column_name();
    const auto rule = condition_of(target.resource, field, quoted_identifier(column));
    if (rule.empty()) return;
    const std::string name = sql_name({target.table.name, column, "rule"});
    target.add({.subject = target.column(column),
                .words = fmt::format("let the column take only what the field takes: {}", rule),
                .cost = fmt::format("{}; {}", short_lock, cost_of_reading(target.table)),
                .deploy = fmt::format("ALTER TABLE {0} DROP CONSTRAINT IF EXISTS {1},\n"
                                      "    ADD CONSTRAINT {1} CHECK ({2}) NOT VALID;\n"
                                      "ALTER TABLE {0} VALIDATE CONSTRAINT {1};\n",
                                      target.sql, quoted_identifier(name), rule),
                .revert = fmt::format("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {};\n", target.sql,
                                      quoted_identifier(name)),
                .verify = constraint_holds(target, name)});
}

/// A field that was renamed is one that is new while a column has lost its field.
void suggest_column(const Target& target, const Field& field) {
    for (const Column& column : target.table.columns) {
        const bool is_described =
            column.name == target.resource.id_column ||
            std::ranges::any_of(stored_fields(target.resource),
                                [&](const Field& one) { return one.column_name() == column.name; });
        if (is_described || !column.rules || !compare_rules(*column.rules, field.type)) continue;
        target.plan.notes.push_back(fmt::format(
            "{}: the field is new, and no field has the column {}; if the field was renamed, write"
            " column = \"{}\" in it",
            target.column(field.name), target.column(column.name), column.name));
    }
}

void add_column(const Target& target, const Field& field) {
    const std::string& column = field.column_name();
    suggest_column(target, field);
    const bool is_unknown = column_type(field.type).empty() || field.database_default;
    if (is_unknown || (field.read_only && field.required)) {
        target.plan.problems.push_back(fmt::format(
            "{0}: the database gives the value, and Larder does not know which; add the column"
            " yourself, as GENERATED or with a DEFAULT, or write optional = true",
            target.column(column)));
        return;
    }
    const bool is_filled = !field.fill.empty();
    Field added = field;
    if (is_filled) added.fallback.reset();  // else the old rows would have it, and not their own
    const bool is_whole = field.required && added.fallback;
    std::string definition = column_definition(added);
    std::string deploy = fmt::format("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {}{};\n", target.sql,
                                     definition, is_whole ? " NOT NULL" : "");
    if (is_filled && field.fallback) {
        deploy +=
            fmt::format("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {};\n", target.sql,
                        quoted_identifier(column), default_sql(field.type, field.fallback->stored));
    }
    target.add({.subject = target.column(column),
                .words = fmt::format("add the column, {}", definition),
                .cost = std::string(short_lock),
                .deploy = std::move(deploy),
                .revert = fmt::format("ALTER TABLE {} DROP COLUMN IF EXISTS {};\n", target.sql,
                                      quoted_identifier(column)),
                .verify = column_exists(target, column)});
    add_rule(target, field);
    if (is_filled) target.add(fill_step(target, field, Phase::expand));
    if (!field.required || is_whole) return;
    require(target, field,
            is_filled ? unfilled(target, field, "") : without_value(target, field, "true"));
}

void plan_default(const Target& target, const Field& field, const Column& column) {
    if (!field.fallback || column.is_generated) return;
    const bool is_same = column.default_sql &&
                         is_same_default(*column.default_sql, field.type, field.fallback->stored);
    if (is_same) return;
    const std::string wanted = default_sql(field.type, field.fallback->stored);
    const std::string name = quoted_identifier(column.name);
    target.add({.subject = target.column(column.name),
                .words = fmt::format("set the default {}", wanted),
                .cost = std::string(short_lock),
                .deploy = fmt::format("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {};\n",
                                      target.sql, name, wanted),
                .revert = column.default_sql
                              ? fmt::format("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {};\n",
                                            target.sql, name, *column.default_sql)
                              : fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT;\n",
                                            target.sql, name)});
}

void plan_required(const Target& target, const Field& field, const Column& column) {
    if (field.required && !column.is_required) {
        const std::string is_empty = quoted_identifier(column.name) + " IS NULL";
        if (!field.fill.empty()) {
            Step filled = fill_step(target, field, Phase::expand);
            if (field.unique) filled.violators = filled_twice(target, field);
            target.add(std::move(filled));
        }
        require(target, field,
                field.fill.empty() ? without_value(target, field, is_empty)
                                   : unfilled(target, field, is_empty + " AND "));
    } else if (!field.required && column.is_required && column.type != column.base_type) {
        target.plan.problems.push_back(fmt::format(
            "{0}: the column may have to be empty, and its type {1} may forbid that; change the"
            " type: ALTER TABLE {2} ALTER COLUMN {3} TYPE {4}",
            target.column(column.name), column.type, target.sql, quoted_identifier(column.name),
            column.base_type));
    } else if (!field.required && column.is_required) {
        target.add({.subject = target.column(column.name),
                    .words = "let the column be empty (DROP NOT NULL)",
                    .cost = std::string(short_lock),
                    .deploy = fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL;\n",
                                          target.sql, quoted_identifier(column.name)),
                    .revert = restore_not_null(target, column.name),
                    .verify = "NOT " + is_not_null(target, column.name)});
    }
}

/// What an interruption between the steps of set_not_null has left.
void plan_helper(const Target& target, const Field& field, const Column& column) {
    const std::string name = sql_name({target.table.name, column.name, "present"});
    const bool is_left =
        std::ranges::find(target.table.checks, name, &Check::name) != target.table.checks.end();
    if (!is_left || (field.required && !column.is_required)) return;
    target.add(
        {.subject = target.column(column.name),
         .words = fmt::format("drop the constraint {}, which an interrupted change has left", name),
         .cost = std::string(short_lock),
         .deploy = fmt::format("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {};\n", target.sql,
                               quoted_identifier(name))});
}

}  // namespace

void plan_columns(const Target& target) {
    for (const Field& field : stored_fields(target.resource)) {
        const Column* column = find_column(target.table, field.column_name());
        if (column == nullptr) {
            add_column(target, field);
            continue;
        }
        if (column->is_generated && !field.read_only) {
            target.plan.problems.push_back(
                fmt::format("{}: the column is generated by the database; write read_only = true in"
                            " the field",
                            target.column(column->name)));
            continue;
        }
        if (is_given(field) || !target.resource.can_change) continue;
        if (field.database_default && !column->default_sql && !column->is_identity) {
            target.plan.problems.push_back(
                fmt::format("{}: the column has no default, and the field says database_default ="
                            " true; give the column a default, or leave it out of the field",
                            target.column(column->name)));
        }
        plan_rules(target, field, *column);
        plan_default(target, field, *column);
        plan_required(target, field, *column);
        plan_helper(target, field, *column);
    }
}

}  // namespace larder::admin
