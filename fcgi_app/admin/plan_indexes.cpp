// Indexes by which records are found: for fields with `filter`, `sort` and `search`.

#include <fmt/format.h>

#include <algorithm>
#include <variant>
#include <vector>

#include "admin/plan_parts.hpp"
#include "admin/rules.hpp"
#include "admin/sql_text.hpp"
#include "catalog/names.hpp"
#include "catalog/search_text.hpp"

namespace larder::admin {

namespace {

constexpr std::string_view code_points = "COLLATE \"C\"";

/// Texts compare by code point, and values of an enum too where they are sorted. A column that does
/// so already needs no word of it.
bool needs_collation(const Field& field, const Column* column) {
    if (!is_text(field.type)) return false;
    if (std::holds_alternative<Enum>(field.type) && !field.sort) return false;
    if (column == nullptr) return false;  // it is made so
    const bool is_text_column =
        column->base_type == "text" || column->base_type.starts_with("character");
    return is_text_column && column->collation != "\"C\"";
}

const Column* column_of(const Table* table, const Field& field) {
    return table == nullptr ? nullptr : find_column(*table, field.column_name());
}

/// In the order of the fields, and of the id where values are equal.
WantedIndex index_of(const Resource& resource, const std::vector<const Field*>& fields,
                     const Table* table) {
    WantedIndex wanted{.subject = {}, .name = {}, .definition = {}, .columns = {}};
    std::string columns;
    for (const Field* field : fields) {
        const std::string& name = field->column_name();
        const bool has_collation = needs_collation(*field, column_of(table, *field));
        columns += fmt::format("{}{}{}, ", quoted_identifier(name), has_collation ? " " : "",
                               has_collation ? code_points : "");
        wanted.columns.push_back(name);
        wanted.collations += has_collation ? 1 : 0;
        wanted.has_order = wanted.has_order || field->filter || field->sort;
        wanted.has_nulls = wanted.has_nulls || !field->required;
    }
    wanted.definition = fmt::format("btree ({}{})", columns, quoted_identifier(resource.id_column));
    const std::string table_name = table_of(resource).name;
    const std::string names = fmt::format("{}", fmt::join(wanted.columns, "_"));
    if (fields.size() == 1) {
        wanted.subject = names;
        wanted.name = sql_name({table_name, names, "idx"});
    } else {
        // Names may have `_` themselves.
        wanted.name = sql_name({table_name, names, hash_name(columns), "idx"});
    }
    return wanted;
}

WantedIndex index_for_words(const Resource& resource) {
    std::string names;
    for (const Field& field : resource.fields) {
        if (field.search) names += field.column_name() + ' ';
    }
    return {.subject = {},
            .name = sql_name({table_of(resource).name, "search", hash_name(names), "idx"}),
            .definition = fmt::format("gin ({})", search_vector(resource)),
            .columns = {}};
}

std::size_t collations_of(const Index& index) {
    std::size_t count = 0;
    for (auto at = index.definition.find(code_points); at != index.definition.npos;
         at = index.definition.find(code_points, at + 1)) {
        ++count;
    }
    return count;
}

bool serves(const Index& index, const WantedIndex& wanted, const std::string& key) {
    if (!index.is_valid || index.is_partial) return false;
    if (wanted.columns.empty()) return index.name == wanted.name;
    const std::size_t count = wanted.columns.size();
    if (index.access_method != "btree" || index.columns.size() < count ||
        !std::equal(wanted.columns.begin(), wanted.columns.end(), index.columns.begin())) {
        return false;
    }
    const bool has_order = index.columns.size() == count ? index.is_unique && !wanted.has_nulls
                                                         : index.columns[count] == key;
    return (!wanted.has_order || has_order) && collations_of(index) >= wanted.collations;
}

/// Whether the index of the constraint of a unique field does without another one.
bool is_served_by_constraint(const Field& field) {
    return field.unique && (field.required || (!field.filter && !field.sort));
}

// A sort of so many rows, and fewer, is done in milliseconds.
constexpr double many_rows = 100'000;
constexpr std::size_t most_named = 8;

/// An equality and an order of a large table that no index serves together: PostgreSQL then reads
/// and sorts all records with the value, or follows the order and drops those of other values.
void note_unserved(const Target& target) {
    if (target.table.rows < many_rows) return;
    std::vector<std::string> unserved;
    for (const Field& filter : target.resource.fields) {
        if (!filter.filter || filter.unique) continue;
        for (const Field& sort : target.resource.fields) {
            if (!sort.sort || &sort == &filter) continue;
            WantedIndex both = index_of(target.resource, {&filter, &sort}, &target.table);
            both.has_order = true;
            const bool is_served = std::ranges::any_of(target.table.indexes, [&](const auto& one) {
                return serves(one, both, target.resource.id_column);
            });
            if (!is_served)
                unserved.push_back(fmt::format("{}=… with sort={}", filter.name, sort.name));
        }
    }
    if (unserved.empty()) return;
    const std::size_t more = unserved.size() - std::min(unserved.size(), most_named);
    unserved.resize(unserved.size() - more);
    target.plan.notes.push_back(fmt::format(
        "{}: no index serves {}{}; where many records have one value, such a query may take longer"
        " than QUERY_TIMEOUT_MS: name both fields in `indexes` of the description",
        target.name, fmt::join(unserved, ", "),
        more == 0 ? "" : fmt::format(" and {} more", more)));
}

}  // namespace

std::vector<WantedIndex> wanted_indexes(const Resource& resource, const Table* table) {
    std::vector<WantedIndex> wanted;
    for (const Field& field : resource.fields) {
        if (!field.filter && !field.sort && field.reference() == nullptr) continue;
        if (table == nullptr && is_served_by_constraint(field)) continue;
        wanted.push_back(index_of(resource, {&field}, table));
    }
    for (const auto& names : resource.indexes) {
        std::vector<const Field*> fields;
        fields.reserve(names.size());
        for (const std::string& name : names) fields.push_back(resource.find_field(name));
        wanted.push_back(index_of(resource, fields, table));
        wanted.back().has_order = true;
    }
    if (!search_vector(resource).empty()) wanted.push_back(index_for_words(resource));
    return wanted;
}

void plan_indexes(const Target& target) {
    for (const WantedIndex& wanted : wanted_indexes(target.resource, &target.table)) {
        const Field* field = nullptr;
        for (const Field& one : target.resource.fields) {
            if (one.column_name() == wanted.subject) field = &one;
        }
        // That of a field that is going to be unique comes with its constraint.
        const bool is_coming =
            field != nullptr && is_served_by_constraint(*field) && wanted.collations == 0;
        const bool is_there = std::ranges::any_of(target.table.indexes, [&](const Index& index) {
            return serves(index, wanted, target.resource.id_column);
        });
        if (is_there || is_coming || !can_index(target, wanted.subject)) continue;
        const std::string name = free_index_name(target, wanted.name, wanted.columns);
        const std::string index = sql_table(target.table.schema, name);
        target.add({.subject = wanted.subject.empty() ? target.name : target.column(wanted.subject),
                    .words = fmt::format("add the index {}, {}", name, wanted.definition),
                    .cost = cost_of_indexing(target.table),
                    .deploy = drop_unfinished(index) +
                              create_index(fmt::format("INDEX CONCURRENTLY IF NOT EXISTS {} ON {}"
                                                       " USING {}",
                                                       quoted_identifier(name), target.sql,
                                                       wanted.definition)),
                    .revert = fmt::format("DROP INDEX IF EXISTS {};\n", index),
                    .verify = fmt::format("EXISTS (SELECT FROM pg_index WHERE indexrelid ="
                                          " to_regclass({}) AND indisvalid)",
                                          sql_literal(index))});
    }
    note_unserved(target);
}

}  // namespace larder::admin
