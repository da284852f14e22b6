// Foreign keys. One that removes or changes rows does so behind the back of a worker that does not
// know of it: caches would be wrong. So it refuses until all workers know.

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "admin/plan_parts.hpp"
#include "admin/sql_text.hpp"
#include "catalog/names.hpp"

namespace larder::admin {

namespace {

OnDelete action_of(const Reference& reference) {
    switch (reference.on_delete) {
        case larder::OnDelete::cascade: return OnDelete::cascade;
        case larder::OnDelete::clear: return OnDelete::set_null;
        case larder::OnDelete::restrict: break;
    }
    return OnDelete::no_action;
}

bool changes_rows(OnDelete action) {
    return action != OnDelete::no_action && action != OnDelete::restrict;
}

std::string_view sql_of_action(OnDelete action) {
    switch (action) {
        case OnDelete::cascade: return " ON DELETE CASCADE";
        case OnDelete::set_null: return " ON DELETE SET NULL";
        case OnDelete::set_default: return " ON DELETE SET DEFAULT";
        case OnDelete::restrict: return " ON DELETE RESTRICT";
        case OnDelete::no_action: break;
    }
    return {};
}

std::string_view words_of(OnDelete action) {
    switch (action) {
        case OnDelete::cascade: return "remove the rows that refer to a removed one";
        case OnDelete::set_null: return "clear the references to a removed row";
        default: return "refuse to remove a row that others refer to";
    }
}

class References {
public:
    References(const Target& target, std::span<const Resource> resources)
        : target_(target), resources_(resources) {}

    void plan() {
        std::vector<const ForeignKey*> described;
        for (const Field& field : target_.resource.fields) {
            const Reference* reference = field.reference();
            if (reference == nullptr) continue;
            const Resource* to = resource_named(reference->to);
            if (to == nullptr) continue;
            const ForeignKey* key = find_key(field, *to);
            described.push_back(key);
            plan(field, *to, key);
        }
        for (const ForeignKey& key : target_.table.foreign_keys) {
            const bool is_described = std::ranges::find(described, &key) != described.end();
            if (!is_described && changes_rows(key.on_delete) && is_resource(key)) {
                replace(key, Phase::expand, OnDelete::no_action);
            }
        }
        for (const WideForeignKey& key : target_.table.wide_foreign_keys) {
            if (changes_rows(key.on_delete) && is_resource(key)) refuse_removals(key);
        }
    }

private:
    const Resource* resource_named(const std::string& name) const {
        const auto found = std::ranges::find(resources_, name, &Resource::name);
        return found == resources_.end() ? nullptr : &*found;
    }

    bool is_resource(const auto& key) const {
        return std::ranges::any_of(resources_, [&](const Resource& one) {
            return table_of(one) == TableName{key.to_schema, key.to_table};
        });
    }

    const ForeignKey* find_key(const Field& field, const Resource& to) const {
        const TableName table = table_of(to);
        const auto& keys = target_.table.foreign_keys;
        const auto found = std::ranges::find_if(keys, [&](const ForeignKey& key) {
            return key.column == field.column_name() &&
                   TableName{key.to_schema, key.to_table} == table && key.to_column == to.id_column;
        });
        return found == keys.end() ? nullptr : &*found;
    }

    void plan(const Field& field, const Resource& to, const ForeignKey* key) {
        const OnDelete wanted = action_of(*field.reference());
        if (key == nullptr) {
            const TableName table = table_of(to);
            const ForeignKey added{.name = free_name(field),
                                   .column = field.column_name(),
                                   .to_schema = table.schema,
                                   .to_table = table.name,
                                   .to_column = to.id_column};
            add(added, field);
            if (changes_rows(wanted)) replace(added, Phase::contract, wanted);
            return;
        }
        const bool is_same =
            key->on_delete == wanted || (!changes_rows(key->on_delete) && !changes_rows(wanted));
        if (!is_same && changes_rows(key->on_delete)) {
            replace(*key, Phase::expand, OnDelete::no_action);
        }
        if (!is_same && changes_rows(wanted)) replace(*key, Phase::contract, wanted);
        if (is_same && !key->is_validated) validate(*key, field);
    }

    std::string free_name(const Field& field) const {
        const auto& keys = target_.table.foreign_keys;
        const auto is_taken = [&](const std::string& name) {
            return std::ranges::find(keys, name, &ForeignKey::name) != keys.end() ||
                   std::ranges::find(target_.table.checks, name, &Check::name) !=
                       target_.table.checks.end();
        };
        std::string name = sql_name({target_.table.name, field.column_name(), "fkey"});
        for (int i = 2; is_taken(name); ++i) {
            name = sql_name({target_.table.name, field.column_name(), fmt::format("fkey_{}", i)});
        }
        return name;
    }

    std::string dropped(const ForeignKey& key) const {
        return fmt::format("DROP CONSTRAINT IF EXISTS {}", quoted_identifier(key.name));
    }

    /// The constraint anew, in one statement: there is no moment without one.
    std::string made(const ForeignKey& key, OnDelete action) const {
        return fmt::format(
            "ALTER TABLE {0} {1},\n"
            "    ADD CONSTRAINT {2} FOREIGN KEY ({3}) REFERENCES {4} ({5}){6} NOT VALID;\n"
            "ALTER TABLE {0} VALIDATE CONSTRAINT {2};\n",
            target_.sql, dropped(key), quoted_identifier(key.name), quoted_identifier(key.column),
            sql_table(key.to_schema, key.to_table), quoted_identifier(key.to_column),
            sql_of_action(action));
    }

    /// No reference can say what a key of several columns changes.
    void refuse_removals(const WideForeignKey& key) {
        const auto made = [&](OnDelete action) {
            return fmt::format(
                "ALTER TABLE {0} DROP CONSTRAINT IF EXISTS {1},\n"
                "    ADD CONSTRAINT {1} FOREIGN KEY ({2}) REFERENCES {3} ({4}){5} NOT VALID;\n"
                "ALTER TABLE {0} VALIDATE CONSTRAINT {1};\n",
                target_.sql, quoted_identifier(key.name), sql_columns(key.columns),
                sql_table(key.to_schema, key.to_table), sql_columns(key.to_columns),
                sql_of_action(action));
        };
        target_.add({.subject = target_.name,
                     .words = fmt::format("let the foreign key {} {}", key.name,
                                          words_of(OnDelete::no_action)),
                     .cost = cost(),
                     .deploy = made(OnDelete::no_action),
                     .revert = made(key.on_delete),
                     .verify = constraint_holds(target_, key.name)});
    }

    std::string cost() const {
        return "takes a short lock on both tables; " + cost_of_reading(target_.table);
    }

    void add(const ForeignKey& key, const Field& field) {
        target_.add({.subject = target_.column(key.column),
                     .words = fmt::format("let the column have only ids of {} (FOREIGN KEY)",
                                          shown_table({key.to_schema, key.to_table})),
                     .cost = cost(),
                     .deploy = made(key, OnDelete::no_action),
                     .revert = fmt::format("ALTER TABLE {} {};\n", target_.sql, dropped(key)),
                     .verify = constraint_holds(target_, key.name),
                     .violators = strangers(key, field)});
    }

    void replace(const ForeignKey& key, Phase phase, OnDelete action) {
        target_.add(
            {.phase = phase,
             .subject = target_.column(key.column),
             .words = fmt::format("let the foreign key {} {}", key.name, words_of(action)),
             .cost = cost(),
             .deploy = made(key, action),
             .revert = made(key, phase == Phase::expand ? key.on_delete : OnDelete::no_action),
             .verify = constraint_holds(target_, key.name)});
    }

    void validate(const ForeignKey& key, const Field& field) {
        target_.add({.phase = Phase::contract,
                     .subject = target_.column(key.column),
                     .words = fmt::format("validate the foreign key {}", key.name),
                     .cost = cost_of_reading(target_.table),
                     .deploy = fmt::format("ALTER TABLE {} VALIDATE CONSTRAINT {};\n", target_.sql,
                                           quoted_identifier(key.name)),
                     .verify = constraint_holds(target_, key.name),
                     .violators = strangers(key, field)});
    }

    std::optional<Violators> strangers(const ForeignKey& key, const Field& field) const {
        const bool is_new = find_column(target_.table, key.column) == nullptr;
        if (is_new && field.fill.empty()) return std::nullopt;  // no row refers to anything yet
        if (target_.table.columns.empty()) return std::nullopt;
        return Violators{.words = fmt::format("refer by {} to what is not in {}; change them first",
                                              target_.column(field.name),
                                              shown_table({key.to_schema, key.to_table})),
                         .sql = rows_where(target_, strange(key, field))};
    }

    /// The condition of a row that refers to what is not there.
    std::string strange(const ForeignKey& key, const Field& field) const {
        const std::string value = '(' + future_value(target_, field) + ')';
        const std::string to = sql_table(key.to_schema, key.to_table);
        const std::string id = quoted_identifier(key.to_column);
        const bool is_to_be_made = std::ranges::none_of(target_.tables, [&](const Table& table) {
            return table.schema == key.to_schema && table.name == key.to_table;
        });
        if (is_to_be_made) return value + " IS NOT NULL";
        // The names in a `fill` are those of this table, and would be taken for those of the other.
        if (!field.fill.empty()) {
            return fmt::format("{0} IS NOT NULL AND {0} NOT IN (SELECT {1} FROM {2})", value, id,
                               to);
        }
        return fmt::format(
            "{0} IS NOT NULL AND NOT EXISTS (SELECT FROM {1} AS larder_to WHERE larder_to.{2} ="
            " {3}.{0})",
            quoted_identifier(key.column), to, id, target_.sql);
    }

    const Target& target_;
    std::span<const Resource> resources_;
};

}  // namespace

void plan_references(const Target& target, std::span<const Resource> resources) {
    References(target, resources).plan();
}

}  // namespace larder::admin
