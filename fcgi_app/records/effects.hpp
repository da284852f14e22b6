#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/change.hpp"
#include "catalog/resource.hpp"
#include "catalog/tags.hpp"

namespace larder {

/// What a change makes wrong in the caches. This is the only place that knows: writes alone and in
/// groups ask it, and so does the feed for what was written past the workers. Pure; any thread.

/// A row before or after a change, as far as cached entries depend on it.
struct RowImage {
    std::string id;
    /// In the order of the unique fields; may be left out where the change touches none of them.
    std::vector<std::optional<std::string>> unique_values = {};
    /// The texts of the sources of its tags (catalog/tags.hpp), in their order.
    std::vector<std::optional<std::string>> tag_values = {};
};

/// The lists of a collection that a transaction makes wrong: those that hang on the collection's
/// own tag, and those of further ones.
struct OutdatedLists {
    /// Of so many tags it is cheaper to take all of them, also for PostgreSQL's table of locks.
    static constexpr std::size_t most_tags = 64;

    bool all = false;  ///< those of every tag; `tags` is empty then
    std::set<std::string> tags = {};

    void add(std::vector<std::string> of_row);
    void add(const OutdatedLists& others);
    void add_all();

    bool operator==(const OutdatedLists&) const = default;
};

/// The names of the locks that say that a transaction which makes these lists wrong is about to
/// end (take_locks).
std::vector<std::string> locks_of(const Resource& resource, const OutdatedLists& lists);

/// The locks of which none may be held where a list of a tag is to be kept.
std::vector<std::string> locks_of_readers(const Resource& resource, std::string_view tag);

/// The keys of the entries in Redis that are wrong once the change is committed. `before` is null
/// for a new row, of which no entry can exist; `after` is null for a removed one.
std::vector<std::string> outdated_entries(const Resource& resource, const RowImage* before,
                                          const RowImage* after);

/// The tags of a row that a statement has given from column `at` on (store/statements.hpp).
std::vector<std::optional<std::string>> tag_values(
    const std::vector<std::optional<std::string>>& row, std::size_t at,
    const std::vector<TagSource>& sources);

/// What a change makes of the unique values of a record, in the order of the unique fields;
/// `before` is empty for a new record.
std::vector<std::optional<std::string>> unique_values(
    const Resource& resource, const Change& change,
    std::vector<std::optional<std::string>> before = {});

/// The keys of the entries that a row has: of its record, and of each unique value.
std::vector<std::string> entries_of(const Resource& resource, const RowImage& row);

/// The cache keys of a record, and of a value of a unique field (whose entry is its owner's id).
std::string record_key(const Resource& resource, std::string_view id);
std::string claim_key(const Resource& resource, const Field& field, std::string_view value);

}  // namespace larder
