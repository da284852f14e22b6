#include "records/schema_references.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include "catalog/names.hpp"
#include "records/schema_tables.hpp"
#include "store/statements.hpp"

namespace larder {

namespace {

/// A foreign key between the tables of two resources.
struct ForeignKey {
    const Resource* from = nullptr;
    const Resource* to = nullptr;
    std::string name;
    std::string column;  ///< its first one
    std::string to_column;
    bool is_single = false;  ///< it has one column
    bool is_required = false;
    bool is_generated = false;
    bool changes_rows = false;  ///< ON DELETE CASCADE, SET NULL or SET DEFAULT
};

/// (from, to, name, column, column of `to`, single, required, generated, changes rows) of each
/// foreign key; the first two are places in `resources`.
Statement all_foreign_keys(std::span<const Resource> resources) {
    return {fmt::format(
                "WITH tables AS MATERIALIZED (SELECT * FROM {})"
                " SELECT a.place, b.place, c.conname, x.attname, y.attname,"
                " cardinality(c.conkey) = 1, x.attnotnull, x.attgenerated <> '',"
                " c.confdeltype IN ('c', 'n', 'd')"
                " FROM pg_constraint AS c JOIN tables AS a ON a.oid = c.conrelid"
                " JOIN tables AS b ON b.oid = c.confrelid"
                " JOIN pg_attribute AS x ON x.attrelid = c.conrelid AND x.attnum = c.conkey[1]"
                " JOIN pg_attribute AS y ON y.attrelid = c.confrelid AND y.attnum = c.confkey[1]"
                " WHERE c.contype = 'f' ORDER BY a.place, c.conname",
                places_and_oids),
            {names_of_tables(resources)},
            false};
}

std::vector<ForeignKey> read_keys(const Rows& rows, std::span<const Resource> resources) {
    std::vector<ForeignKey> keys;
    for (const Row& row : rows) {
        keys.push_back({.from = &resources[place_of(row, 0)],
                        .to = &resources[place_of(row, 1)],
                        .name = *row[2],
                        .column = *row[3],
                        .to_column = *row[4],
                        .is_single = row[5] == "t",
                        .is_required = row[6] == "t",
                        .is_generated = row[7] == "t",
                        .changes_rows = row[8] == "t"});
    }
    return keys;
}

bool belongs_to(const ForeignKey& key, const Resource& from, const Field& field) {
    return key.from == &from && key.is_single && key.to_column == key.to->id_column &&
           key.column == field.column_name() && key.to->name == field.reference()->to;
}

std::string_view action_of(OnDelete on_delete) {
    switch (on_delete) {
        case OnDelete::cascade: return " ON DELETE CASCADE";
        case OnDelete::clear: return " ON DELETE SET NULL";
        case OnDelete::restrict: break;
    }
    return {};
}

/// What a reference lacks.
std::string lack_of(const Resource& resource, const Field& field, std::span<const ForeignKey> keys,
                    std::span<const Resource> resources) {
    const Reference& reference = *field.reference();
    const Resource& to = *std::ranges::find(resources, reference.to, &Resource::name);
    const auto key = std::ranges::find_if(
        keys, [&](const ForeignKey& one) { return belongs_to(one, resource, field); });
    if (key == keys.end()) {
        return fmt::format(
            "PostgreSQL: {0}.{1} has no foreign key to {2}, so that nothing would refuse unknown"
            " ids; add one: ALTER TABLE {0} ADD FOREIGN KEY ({1}) REFERENCES {2} ({3}){4}",
            resource.sql_table(), quoted_identifier(field.column_name()), to.sql_table(),
            quoted_identifier(to.id_column), action_of(reference.on_delete));
    }
    if (reference.on_delete == OnDelete::clear && key->is_required) {
        return fmt::format(
            "PostgreSQL: {0}.{1} is NOT NULL, so that it could not be cleared; change it: ALTER"
            " TABLE {0} ALTER COLUMN {1} DROP NOT NULL",
            resource.sql_table(), quoted_identifier(field.column_name()));
    }
    if (reference.on_delete == OnDelete::clear && key->is_generated) {
        return fmt::format(
            "PostgreSQL: {}.{} is generated, so that it could not be cleared; write on_delete ="
            " \"restrict\" or \"cascade\"",
            resource.sql_table(), quoted_identifier(field.column_name()));
    }
    return {};
}

/// Whether the description says that the rows of this foreign key change with what they refer to.
bool is_described(const ForeignKey& key) {
    return std::ranges::any_of(key.from->fields, [&](const Field& field) {
        return field.reference() != nullptr && belongs_to(key, *key.from, field) &&
               field.reference()->on_delete != OnDelete::restrict;
    });
}

std::string excess_of(const ForeignKey& key) {
    if (!key.changes_rows || is_described(key)) return {};
    return fmt::format(
        "PostgreSQL: the foreign key {1} of {0} removes or changes rows when one of {2} is removed,"
        " and no field says so, so that caches would be wrong; give the reference on_delete ="
        " \"cascade\" or \"clear\", or add the key again without ON DELETE, after: ALTER TABLE {0}"
        " DROP CONSTRAINT {1}",
        key.from->sql_table(), quoted_identifier(key.name), key.to->sql_table());
}

}  // namespace

Expected<std::string> check_foreign_keys(Session& session, std::span<const Resource> resources) {
    if (resources.empty()) return {};
    const auto rows = session.read(all_foreign_keys(resources));
    if (!rows) return std::unexpected(rows.error());
    const auto keys = read_keys(*rows, resources);
    for (const Resource& resource : resources) {
        for (const Field& field : resource.fields) {
            if (field.reference() == nullptr) continue;
            if (auto lack = lack_of(resource, field, keys, resources); !lack.empty()) return lack;
        }
    }
    for (const ForeignKey& key : keys) {
        if (auto excess = excess_of(key); !excess.empty()) return excess;
    }
    return {};
}

}  // namespace larder
