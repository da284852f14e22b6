#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/change.hpp"
#include "catalog/resource.hpp"
#include "catalog/tags.hpp"
#include "query/query.hpp"
#include "query/statement.hpp"

namespace larder {

/// An SQL text with parameters $1, $2, … and their values; nothing means NULL.
struct Statement {
    std::string sql;
    std::vector<std::optional<std::string>> values = {};
    bool is_repeated = true;  ///< worth preparing, for the text will come again
};

/// A statement without parameters that is not worth preparing.
inline Statement once(std::string sql) { return {.sql = std::move(sql), .is_repeated = false}; }

/// The SQL of one resource, derived from its description. The table is `t` in each; PostgreSQL
/// renders the JSON of a row, and these bytes are cached and sent as they are. Pure; any thread.
class Statements {
public:
    /// `resource` must outlive this.
    explicit Statements(const Resource& resource);

    /// Records by id: (id, json, settled). Settled: no transaction has touched this row version.
    Statement select(const std::vector<std::string>& ids) const;

    /// One record with what a guarded write needs: (json, xmin, unique fields…).
    Statement select_guarded(const std::string& id) const;

    /// Who owns a value of a unique field: (id, settled).
    Statement select_owner(const Field& field, const std::string& value) const;

    /// (true) if no other transaction has write locks on the table: every change made before this
    /// statement is then visible to the next one, or was rolled back.
    Statement quiet() const;

    /// `insert`, `update` and `remove` take the locks of all lists that they make wrong with the
    /// row that they change, before as after it; `insert_unlocked`, `clear` and `remove_all`, which
    /// are for any number of rows, take none.

    /// What the tags of a row are derived from. "Tags" stand below for their texts, in this order.
    const std::vector<TagSource>& tag_sources() const { return tag_sources_; }

    /// (id, json, tags…), or no row where a unique value is taken.
    Statement insert(const Change& change) const;
    Statement insert_unlocked(const Change& change) const;

    /// (value) of those of `values` of a unique field that are taken.
    Statement select_taken(const Field& field, const std::vector<std::string>& values) const;

    /// (json, tags… after, tags… before), or no row where there is no such record. `xmin`, unless
    /// empty, is the only version of the row that may be changed. The change must not be empty.
    Statement update(const std::string& id, const Change& change, const std::string& xmin) const;

    /// (id, unique fields…, tags…) of the record removed, or no row.
    Statement remove(const std::string& id, const std::string& xmin) const;

    /// (id) of the record, locked so that no record that refers to it can appear, or no row. `xmin`
    /// as above.
    Statement lock(const std::string& id, const std::string& xmin) const;

    /// A field, and the ids that its values are looked for among.
    struct Referring {
        const Field* field;
        const std::vector<std::string>* ids;
    };
    /// (id) of each record that refers to any of these, locked in the same way, by id.
    Statement lock_referring(const std::vector<Referring>& to) const;

    /// Makes a reference null where it is one of `ids`: (id, unique fields… before,
    /// tags… before, tags… after) of each.
    Statement clear(const Referring& reference) const;

    /// (id, unique fields…, tags…) of the records removed.
    Statement remove_all(const std::vector<std::string>& ids) const;

    /// (id) of those of `ids` that there are.
    Statement select_ids(const std::vector<std::string>& ids) const;

    /// (json), or (line of CSV without its end) of a resource with fields, for each record of a
    /// list that the query asks for, with the values of its position where the query has a limit.
    /// `limit`, and not that of the query, is how many; 0: all.
    Statement list(const List& list, const query::Query& query, int limit) const;

    /// (position) of the last record of a page, and of the one after it, if there is one. The query
    /// has a limit.
    Statement end_of_page(const List& list, const query::Query& query) const;

    /// (number) of the records of all pages.
    Statement count(const List& list, const query::Query& query) const;

    /// The rows of a list without their JSON: PostgreSQL takes it if it takes `list`, the types of
    /// the columns aside, and in a fraction of the time.
    std::string probe(const List& list) const;

    /// What the JSON of a record, its unique values, its references and its tags are made of: two
    /// workers with the same shape make the same cached values, and know the same of what they make
    /// wrong.
    std::string shape() const;

private:
    /// With the columns that a change gives values for, or (null) with all that one can have.
    std::string insert_text(const Change* change, bool takes_locks) const;
    Statement insert(const Change& change, bool takes_locks) const;
    static bool is_inserted(const Field& field, const Change* change);
    /// How an UPDATE gives the tags of the row before it.
    struct Before {
        std::string condition;
        std::vector<std::string> texts;  // SQL expressions
    };
    Before note_tags() const;
    query::Rows rows_of(const List& list) const;
    std::string locking(const std::string& value,
                        const std::vector<std::string>& before = {}) const;
    std::string lock_of(std::size_t source, const std::string& text) const;
    std::string guard(std::size_t parameter, const std::string& xmin) const;

    const Resource& resource_;
    std::string table_;           // with its schema
    std::string id_;              // the column of the id
    std::string json_;            // SQL expression for the JSON of a record
    std::string unique_columns_;  // ", t.a, t.b"
    std::vector<TagSource> tag_sources_;
    std::vector<std::string> tag_texts_;  // SQL expressions
    std::string tag_columns_;             // ", …, …"
    bool has_database_defaults_ = false;
    std::string insert_;  // the two are used where it has none
    std::string insert_unlocked_;
};

}  // namespace larder
