// Indexes by which records are found: for fields with `filter`, `sort` and `search`.

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "admin/plan_parts.hpp"
#include "admin/rules.hpp"
#include "admin/sql_text.hpp"
#include "catalog/names.hpp"
#include "catalog/search_text.hpp"

namespace larder::admin {

namespace {

constexpr std::string_view code_points = "COLLATE \"C\"";

/// Texts compare by code point. A column that does so already needs no word of it.
bool needs_collation(const Field& field, const Column* column) {
    if (!is_text(field.type)) return false;
    if (column == nullptr) return false;  // it is made so
    const bool is_text_column =
        column->base_type == "text" || column->base_type.starts_with("character");
    return is_text_column && column->collation != "\"C\"";
}

/// In the order of the field, and of the id where values are equal.
WantedIndex index_of(const Resource& resource, const Field& field, const Column* column) {
    const std::string name = quoted_identifier(field.column_name());
    const bool has_collation = needs_collation(field, column);
    return {.subject = field.column_name(),
            .name = sql_name({table_of(resource).name, field.column_name(), "idx"}),
            .definition = fmt::format("btree ({}{}{}, {})", name, has_collation ? " " : "",
                                      has_collation ? code_points : "",
                                      quoted_identifier(resource.id_column)),
            .columns = {field.column_name()},
            .has_collation = has_collation,
            .has_order = field.filter || field.sort};
}

WantedIndex index_for_words(const Resource& resource) {
    std::string names;
    for (const Field& field : resource.fields) {
        if (field.search) names += field.column_name() + ' ';
    }
    return {.subject = {},
            .name = sql_name({table_of(resource).name, "search", hash_name(names), "idx"}),
            .definition = fmt::format("gin ({})", search_vector(resource)),
            .columns = {},
            .has_collation = false};
}

bool serves(const Index& index, const WantedIndex& wanted, const std::string& key) {
    if (!index.is_valid || index.is_partial) return false;
    if (wanted.columns.empty()) return index.name == wanted.name;
    const bool begins_so =
        index.access_method == "btree" && index.columns[0] == wanted.columns[0] &&
        (!wanted.has_order ||
         (index.columns.size() == 1 ? index.is_unique : index.columns[1] == key));
    return begins_so && (!wanted.has_collation || index.definition.contains(code_points));
}

}  // namespace

std::vector<WantedIndex> wanted_indexes(const Resource& resource, const Table* table) {
    std::vector<WantedIndex> wanted;
    for (const Field& field : resource.fields) {
        if (!field.filter && !field.sort && field.reference() == nullptr) continue;
        if (field.unique && table == nullptr) continue;  // its constraint has an index
        const Column* column =
            table == nullptr ? nullptr : find_column(*table, field.column_name());
        wanted.push_back(index_of(resource, field, column));
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
        const bool is_coming = field != nullptr && field->unique && !wanted.has_collation;
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
}

}  // namespace larder::admin
