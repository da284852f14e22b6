// What the values of a column may be, and its type.

#include <fmt/format.h>

#include <algorithm>
#include <variant>
#include <vector>

#include "admin/check_rules.hpp"
#include "admin/plan_parts.hpp"
#include "admin/rules.hpp"
#include "admin/sql_text.hpp"
#include "catalog/names.hpp"

namespace larder::admin {

namespace {

// A table up to this size is written anew within a fraction of a second.
constexpr std::int64_t small_table = 4194304;  // bytes, with indexes and TOAST

bool is_text_type(const Column& column) {
    return column.base_type == "text" || column.base_type.starts_with("character");
}

/// Compares a field with its column, one after the other: what its type takes, and what its
/// constraints leave of that.
class RulePlan {
public:
    RulePlan(const Target& target, const Field& field, const Column& column)
        : target_(target),
          field_(field),
          column_(column),
          name_(quoted_identifier(column.name)),
          subject_(target.column(column.name)) {
        for (const Check& check : target.table.checks) {
            if (check.is_understood && check.columns == std::vector{column.name}) {
                had_.push_back(&check);
            }
        }
    }

    void plan() {
        if (target_.resource.is_document()) return plan_document();
        const auto compared =
            column_.rules ? compare_rules(*column_.rules, field_.type) : std::nullopt;
        const bool is_other_type =
            !compared || (std::holds_alternative<Text>(field_.type) &&
                          std::holds_alternative<Enum>(*column_.rules) && !is_text_type(column_));
        if (is_other_type) return tell_other_type(column_type(field_.type));
        if (compared->is_equal()) return validate();
        if (!compared->has_all && !widen()) return;
        if (!compared->has_more) {
            replace(Phase::expand, "take what the field takes");
        } else if (compared->has_all) {
            replace(Phase::contract, "take only what the field takes");
        } else {
            drop_rules();
            had_.clear();
            replace(Phase::contract, "take only what the field takes");
        }
    }

private:
    std::string rule() const { return condition_of(target_.resource, field_, name_); }

    std::string rule_name() const { return sql_name({target_.table.name, column_.name, "rule"}); }

    /// A name that no constraint has that stays.
    std::string free_name() const {
        std::string name = rule_name();
        for (int i = 2; is_taken(name); ++i) {
            name = sql_name({target_.table.name, column_.name, fmt::format("rule_{}", i)});
        }
        return name;
    }

    bool is_taken(const std::string& name) const {
        return std::ranges::any_of(target_.table.checks, [&](const Check& check) {
            return check.name == name && std::ranges::find(had_, &check) == had_.end();
        });
    }

    std::string dropped() const {
        std::string text;
        for (const Check* check : had_) {
            text += fmt::format("{}DROP CONSTRAINT IF EXISTS {}", text.empty() ? "" : ",\n    ",
                                quoted_identifier(check->name));
        }
        return text;
    }

    /// Makes the constraints that were there again, as far as the rows that there are fit them.
    std::string restored(const std::string& name) const {
        std::string change = fmt::format("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", target_.sql,
                                         quoted_identifier(name));
        std::string validation;
        for (const Check* check : had_) {
            const std::string quoted = quoted_identifier(check->name);
            if (check->name != name) {
                change += fmt::format(",\n    DROP CONSTRAINT IF EXISTS {}", quoted);
            }
            change += fmt::format(",\n    ADD CONSTRAINT {} CHECK ({}) NOT VALID", quoted,
                                  check->expression);
            validation += do_block(fmt::format(
                "    ALTER TABLE {} VALIDATE CONSTRAINT {};\n"
                "EXCEPTION WHEN check_violation THEN\n"
                "    RAISE WARNING '% stays NOT VALID: it has rows that break it', {};\n",
                target_.sql, quoted, sql_literal(check->name)));
        }
        return change + ";\n" + validation;
    }

    std::string violation() const { return fmt::format("NOT ({})", rule()); }

    void replace(Phase phase, std::string_view what) {
        const std::string condition = rule();
        if (condition.empty()) return drop_rules();
        const std::string name = free_name();
        const std::string quoted = quoted_identifier(name);
        std::string change = dropped();
        const bool has_same_name =
            std::ranges::any_of(had_, [&](const Check* check) { return check->name == name; });
        if (!has_same_name) {
            change += fmt::format("{}DROP CONSTRAINT IF EXISTS {}", change.empty() ? "" : ",\n    ",
                                  quoted);
        }
        Step step{.phase = phase,
                  .subject = subject_,
                  .words = fmt::format("let the column {}: {}", what, condition),
                  .cost = fmt::format("{}; {}", short_lock, cost_of_reading(target_.table)),
                  .deploy = fmt::format("ALTER TABLE {0} {1},\n"
                                        "    ADD CONSTRAINT {2} CHECK ({3}) NOT VALID;\n"
                                        "ALTER TABLE {0} VALIDATE CONSTRAINT {2};\n",
                                        target_.sql, change, quoted, condition),
                  .revert = restored(name),
                  .verify = constraint_holds(target_, name)};
        if (phase == Phase::contract) step.violators = violators();
        target_.add(std::move(step));
    }

    Violators violators() const {
        return {.words = fmt::format("have a value that {} does not take; change the rows, or let"
                                     " the field take it",
                                     target_.column(field_.name)),
                .sql = rows_where(target_, violation())};
    }

    void drop_rules() {
        if (had_.empty()) return;
        target_.add({.subject = subject_,
                     .words = "drop the constraints that forbid what the field takes",
                     .cost = std::string(short_lock),
                     .deploy = fmt::format("ALTER TABLE {} {};\n", target_.sql, dropped()),
                     .revert = restored(rule_name())});
    }

    /// Rules that are right and were not seen to the end.
    void validate() {
        for (const Check* check : had_) {
            if (check->is_validated) continue;
            target_.add({.phase = Phase::contract,
                         .subject = subject_,
                         .words = fmt::format("validate the constraint {}", check->name),
                         .cost = cost_of_reading(target_.table),
                         .deploy = fmt::format("ALTER TABLE {} VALIDATE CONSTRAINT {};\n",
                                               target_.sql, quoted_identifier(check->name)),
                         .verify = constraint_holds(target_, check->name),
                         .violators = violators()});
        }
    }

    // Nothing is cached of what an object is: any other value would break the answers.
    void plan_document() {
        const bool is_json = column_.base_type == "jsonb";
        if (!is_json) return tell_other_type("jsonb");
        const bool is_there = std::ranges::any_of(target_.table.checks, [&](const Check& check) {
            return check.columns == std::vector{column_.name} && check.is_validated &&
                   check.expression.contains("jsonb_typeof(") &&
                   check.expression.contains("= 'object'");
        });
        if (!is_there) replace(Phase::contract, "take only objects");
    }

    /// Lets the type take what the field takes. False: Larder does not do that.
    bool widen() {
        if (std::holds_alternative<Enum>(*column_.rules) && !is_text_type(column_)) {
            add_labels();
            return true;
        }
        const auto alone = rules_of_type(column_.base_type, {});
        const auto compared = alone ? compare_rules(*alone, field_.type) : std::nullopt;
        const bool is_wide_enough = compared && compared->has_all;
        const bool is_domain = column_.type != column_.base_type;
        if (is_wide_enough && !is_domain) return true;
        const std::string_view wanted =
            is_wide_enough ? std::string_view(column_.base_type) : column_type(field_.type);
        const bool is_rewrite =
            !is_wide_enough && (std::holds_alternative<Integer>(field_.type) ||
                                (column_.base_type.starts_with("character") &&
                                 !column_.base_type.starts_with("character varying")));
        if ((is_rewrite || has_other_check()) && target_.table.bytes > small_table) {
            tell_other_type(column_type(field_.type));
            return false;
        }
        change_type(wanted, is_rewrite);
        return true;
    }

    /// PostgreSQL checks all rows again, under a lock, for each constraint on a column that gets
    /// another type. Those that are understood go first.
    bool has_other_check() const {
        return std::ranges::any_of(target_.table.checks, [&](const Check& check) {
            return std::ranges::find(check.columns, column_.name) != check.columns.end() &&
                   std::ranges::find(had_, &check) == had_.end();
        });
    }

    void add_labels() {
        std::string deploy;
        for (const std::string& value : std::get<Enum>(field_.type).values) {
            const auto& labels = std::get<Enum>(*column_.rules).values;
            if (std::ranges::find(labels, value) != labels.end()) continue;
            deploy += fmt::format("ALTER TYPE {} ADD VALUE IF NOT EXISTS {};\n", column_.base_type,
                                  sql_literal(value));
        }
        target_.add({.subject = subject_,
                     .words = fmt::format("add values to the type {}", column_.base_type),
                     .cost = "locks no table",
                     .deploy = std::move(deploy),
                     .revert = "-- PostgreSQL cannot take a value from an enum type.\n"});
    }

    void change_type(std::string_view type, bool is_rewrite = false) {
        target_.add(
            {.subject = subject_,
             .words = fmt::format("change the type from {} to {}", column_.type, type),
             .cost = is_rewrite ? fmt::format("writes the table anew, {} bytes, under a lock",
                                              shown_count(static_cast<double>(target_.table.bytes)))
                                : fmt::format("{}, and writes no row anew", short_lock),
             .deploy = fmt::format("ALTER TABLE {} {}{}ALTER COLUMN {} TYPE {};\n", target_.sql,
                                   dropped(), had_.empty() ? "" : ",\n    ", name_, typed(type)),
             .revert = do_block(
                 fmt::format("    ALTER TABLE {} ALTER COLUMN {} TYPE {};\n"
                             "EXCEPTION WHEN data_exception THEN\n"
                             "    RAISE WARNING '% stays %: it has values that need it', {}, {};\n",
                             target_.sql, name_, typed(column_.type), sql_literal(subject_),
                             sql_literal(type)))});
    }

    std::string typed(std::string_view type) const {
        const bool has_collation = !column_.collation.empty();
        return fmt::format("{}{}", type, has_collation ? " COLLATE " + column_.collation : "");
    }

    /// Keeps two columns the same, whichever of them a worker writes.
    std::string trigger(std::string_view type, const std::string& other) const {
        const std::string function =
            sql_table(target_.table.schema, sql_name({target_.table.name, column_.name, "twin"}));
        return fmt::format(
            "CREATE FUNCTION {0}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
            " IF TG_OP = 'UPDATE' AND NEW.{2} IS DISTINCT FROM OLD.{2} OR NEW.{1} IS NULL"
            " THEN NEW.{1} := NEW.{2}::{4}; ELSE NEW.{2} := NEW.{1}::{3}; END IF;"
            " RETURN NEW; END$$; CREATE TRIGGER larder_twin BEFORE INSERT OR UPDATE ON {5}"
            " FOR EACH ROW EXECUTE FUNCTION {0}();",
            function, name_, quoted_identifier(other), type, column_.type, target_.sql);
    }

    /// The steps that lead from one type to another while old and new workers run.
    void tell_other_type(std::string_view type) {
        const std::string other = column_.name + "_2";
        target_.plan.problems.push_back(fmt::format(
            "{0}: the column is {1}, and the description says {2}. Larder does not change this "
            "type,"
            " because that writes the table anew under a lock. Do it in three steps. 1. Run: ALTER"
            " TABLE {3} ADD COLUMN {4} {2}; {5} 2. In the field, write column = \"{6}\" and fill ="
            " '{7}::{2}', and apply. 3. Run: DROP FUNCTION {8}() CASCADE; then apply with --drop "
            "{0}",
            subject_, column_.type, type, target_.sql, quoted_identifier(other),
            trigger(type, other), other, name_,
            sql_table(target_.table.schema, sql_name({target_.table.name, column_.name, "twin"}))));
    }

    const Target& target_;
    const Field& field_;
    const Column& column_;
    std::string name_;
    std::string subject_;
    std::vector<const Check*> had_;  // wholly in the rules of the column
};

}  // namespace

void plan_rules(const Target& target, const Field& field, const Column& column) {
    RulePlan(target, field, column).plan();
}

}  // namespace larder::admin
