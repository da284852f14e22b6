#include "feed/tables.hpp"

#include <algorithm>

#include "records/effects.hpp"

namespace larder {

namespace {

const pgoutput::Value* text_at(const pgoutput::Tuple& row, std::size_t column) {
    const bool is_there = column < row.size() && row[column].kind == pgoutput::Value::Kind::text;
    return is_there ? &row[column] : nullptr;
}

}  // namespace

Tables::Table Tables::made_of(const pgoutput::Relation& relation) const {
    Table table;
    const auto resource = std::ranges::find_if(resources_, [&](const Resource& one) {
        return one.table_name() == relation.name && one.schema == relation.schema;
    });
    if (resource == resources_.end()) return table;
    table.resource = &*resource;
    for (const auto& column : relation.columns) table.columns.emplace_back(column.name);
    const auto position = [&](std::string_view name) {
        return static_cast<std::size_t>(std::ranges::find(table.columns, name) -
                                        table.columns.begin());
    };
    table.id = position(resource->id_column);
    table.is_complete = table.id < table.columns.size();
    table.is_id_in_key = table.is_complete && relation.columns[table.id].is_key;
    for (const Field& field : resource->fields) {
        if (!field.unique) continue;
        table.unique_fields.emplace_back(&field, position(field.column_name()));
        table.is_complete =
            table.is_complete && table.unique_fields.back().second < table.columns.size();
    }
    table.tag_sources = tag_sources(*resource);
    for (const TagSource& source : table.tag_sources) {
        table.tag_columns.push_back(
            source.field == nullptr ? 0 : position(source.field->column_name()));
    }
    return table;
}

bool Tables::Table::has_tags_of_values() const {
    return std::ranges::any_of(tag_sources,
                               [](const TagSource& source) { return source.field != nullptr; });
}

/// What lists these rows, one before and one after a change, make wrong; null: it is not known.
OutdatedLists Tables::lists_of(const Table& table, Tuples rows) {
    OutdatedLists lists;
    for (const pgoutput::Tuple* row : rows) {
        const bool is_known = row != nullptr && add_lists(table, *row, lists);
        if (!is_known && table.has_tags_of_values()) lists.add_all();
    }
    for (const TagSource& source : table.tag_sources) {
        if (source.list != nullptr) lists.add({source.list->path});
    }
    return lists;
}

/// False: a value is not known.
bool Tables::add_lists(const Table& table, const pgoutput::Tuple& row, OutdatedLists& lists) {
    std::vector<std::optional<std::string>> values;
    for (std::size_t at = 0; at < table.tag_sources.size(); ++at) {
        const Field* field = table.tag_sources[at].field;
        auto& value = values.emplace_back();
        if (field == nullptr) continue;
        const std::size_t column = table.tag_columns[at];
        if (column >= row.size() || row[column].kind == pgoutput::Value::Kind::unchanged) {
            return false;
        }
        if (row[column].kind == pgoutput::Value::Kind::null) continue;
        value = row[column].text;
        // The log has PostgreSQL's own spelling, the statements that of a cast to text.
        if (std::holds_alternative<Boolean>(field->type)) value = *value == "t" ? "true" : "false";
        // character(n) is padded in the log only. What else ends with blanks has no tag of its own.
        value->erase(value->find_last_not_of(' ') + 1);
    }
    lists.add(tags_of(table.tag_sources, values));
    return true;
}

const Resource* Tables::describe(const pgoutput::Relation& relation) {
    Table table = made_of(relation);
    const auto known = tables_.find(relation.id);
    const bool changed = known != tables_.end() && known->second.columns != table.columns;
    const Resource* resource = table.resource;
    tables_.insert_or_assign(relation.id, std::move(table));
    return changed ? resource : nullptr;
}

const Tables::Table* Tables::table_of(std::uint32_t relation) const {
    const auto found = tables_.find(relation);
    return found == tables_.end() || found->second.resource == nullptr ? nullptr : &found->second;
}

const Resource* Tables::resource_named(std::string_view name) const {
    const auto found = std::ranges::find(resources_, name, &Resource::name);
    return found == resources_.end() ? nullptr : &*found;
}

const Resource* Tables::resource_of(std::uint32_t relation) const {
    const Table* table = table_of(relation);
    return table == nullptr ? nullptr : table->resource;
}

Affected Tables::affected_by(const pgoutput::Insert& insert) const {
    const Table* table = table_of(insert.relation);
    if (table == nullptr) return {};
    return {.resource = table->resource, .lists = lists_of(*table, {&insert.row})};
}

Affected Tables::affected_by(const pgoutput::Update& update) const {
    const Table* table = table_of(update.relation);
    if (table == nullptr) return {};
    Affected affected{.resource = table->resource};
    // Without the whole old row nobody knows which unique value it has given up, or which id, where
    // the log knows rows by another column.
    const bool is_whole = update.old && update.old->is_full;
    affected.lists = lists_of(*table, {is_whole ? &update.old->values : nullptr, &update.row});
    const bool has_old = is_whole || (table->unique_fields.empty() && table->is_id_in_key);
    affected.is_unknown = !table->is_complete || !has_old || !text_at(update.row, table->id);
    if (affected.is_unknown) return affected;
    const RowImage after = image_of(*table, update.row);
    const RowImage before = update.old ? image_of(*table, update.old->values) : after;
    affected.keys = outdated_entries(*table->resource, &before, &after);
    return affected;
}

Affected Tables::affected_by(const pgoutput::Delete& removal) const {
    const Table* table = table_of(removal.relation);
    if (table == nullptr) return {};
    Affected affected{.resource = table->resource};
    affected.lists = lists_of(*table, {removal.old.is_full ? &removal.old.values : nullptr});
    const bool has_old = table->unique_fields.empty() || removal.old.is_full;
    affected.is_unknown =
        !table->is_complete || !has_old || !text_at(removal.old.values, table->id);
    if (affected.is_unknown) return affected;
    const RowImage before = image_of(*table, removal.old.values);
    affected.keys = outdated_entries(*table->resource, &before, nullptr);
    return affected;
}

RowImage Tables::image_of(const Table& table, const pgoutput::Tuple& row) {
    const auto value_at = [&](std::size_t column) {
        const auto* value = text_at(row, column);
        return value == nullptr ? std::nullopt : std::optional<std::string>(value->text);
    };
    RowImage image{.id = value_at(table.id).value_or("")};
    for (const auto& [field, column] : table.unique_fields) {
        image.unique_values.push_back(value_at(column));
    }
    return image;
}

}  // namespace larder
