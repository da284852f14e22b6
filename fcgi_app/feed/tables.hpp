#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/resource.hpp"
#include "feed/pgoutput.hpp"
#include "records/effects.hpp"

namespace larder {

/// What the change of a row makes wrong. No resource: nothing, the table is none of ours.
struct Affected {
    const Resource* resource = nullptr;
    std::vector<std::string> keys = {};  ///< entries of Redis
    bool is_unknown = false;             ///< any entry of the resource may be wrong
    OutdatedLists lists = {};
};

/// Leads from the rows in the log to the cache entries that they make wrong, by the descriptions of
/// the resources and the tables as the log describes them. Pure; for one thread.
class Tables {
public:
    /// `resources` must outlive this.
    explicit Tables(std::span<const Resource> resources) : resources_(resources) {}

    /// Learns about a table. Gives the resource if it was known before with other columns: then
    /// its records may look different although no row has changed.
    const Resource* describe(const pgoutput::Relation& relation);

    /// The resource of a table, or nothing.
    const Resource* resource_of(std::uint32_t relation) const;

    /// The resource of this name, or nothing.
    const Resource* resource_named(std::string_view name) const;

    /// A row that appears makes no entry wrong: nothing is cached for what is not there. Of the
    /// lists' conditions only PostgreSQL could say whether a row fulfils them, so each list of one
    /// is wrong; and all lists of values, where the row before is not known.
    Affected affected_by(const pgoutput::Insert& insert) const;
    Affected affected_by(const pgoutput::Update& update) const;
    Affected affected_by(const pgoutput::Delete& removal) const;

private:
    struct Table {
        const Resource* resource = nullptr;
        std::vector<std::string> columns;
        std::size_t id = 0;         ///< position of the column; columns.size(): there is none
        bool is_id_in_key = false;  ///< a change of an id comes with the old one
        std::vector<std::pair<const Field*, std::size_t>> unique_fields;
        bool is_complete = false;  ///< every column that a key is made of is there
        std::vector<TagSource> tag_sources;
        std::vector<std::size_t> tag_columns;  // of the sources; none for a list

        bool has_tags_of_values() const;
    };
    using Tuples = std::initializer_list<const pgoutput::Tuple*>;

    static OutdatedLists lists_of(const Table& table, Tuples rows);
    static bool add_lists(const Table& table, const pgoutput::Tuple& row, OutdatedLists& lists);

    Table made_of(const pgoutput::Relation& relation) const;
    const Table* table_of(std::uint32_t relation) const;
    static RowImage image_of(const Table& table, const pgoutput::Tuple& row);

    std::span<const Resource> resources_;
    std::map<std::uint32_t, Table> tables_;
};

}  // namespace larder
