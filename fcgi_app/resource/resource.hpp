#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace larder {

/// A resource is a collection of records with one URL, one table and one cache policy. One value of
/// type Resource describes it completely: routes, validation, SQL and cache keys are derived from
/// it. Descriptions are immutable after start and may be read by any thread.

enum class IdType { integer, uuid };

enum class Alphabet {
    any,
    identifier,  ///< A-Z a-z 0-9 . _ -
};

/// Text of `shortest` to `longest` characters (Unicode code points).
struct Text {
    std::size_t shortest = 0;
    std::size_t longest = 0;
    Alphabet alphabet = Alphabet::any;
};

/// An exact decimal number: at least 0 and under 10^`digits`.
struct Decimal {
    int digits = 12;
};

/// A whole number in a closed range.
struct Integer {
    std::int64_t least = 0;
    std::int64_t most = 0;
};

using FieldType = std::variant<Text, Decimal, Integer>;

/// A member of the record, stored in the column of the same name.
struct Field {
    std::string_view name;
    FieldType type;
    bool required = true;  ///< false: may be missing or null
    bool unique = false;   ///< backed by a unique constraint and by the duplicate check

    /// A valid value as JSON, for the documentation; empty: one is made up from the type.
    std::string_view example = {};
};

/// A list of records at `/<resource>` (empty path) or `/<resource>/<path>`.
/// `from` replaces the table (an SQL expression named `t` that keeps its columns).
struct List {
    std::string_view path = {};
    std::string_view where = {};
    std::string_view order = "t.id";
    std::string_view from = {};
    std::string_view meaning = {};  ///< which records it has, for the documentation

    /// Where a cached answer is kept (cache/generations.hpp).
    std::string file() const { return path.empty() ? "list" : "list-" + std::string(path); }
};

inline constexpr int longest_list = 1000000;  ///< the largest `limit` of a list

/// How answers are wrapped: `{"cached": …, "<record>": {…}}` and `{"cached": …, "<list>": […]}`.
struct Envelope {
    std::string_view record = {};
    std::string_view list = {};
};

enum class Lifetime {
    records,  ///< CACHE_TTL_SECONDS
    items,    ///< ITEM_CACHE_TTL
};

struct Resource {
    std::string_view name;   ///< path segment, table and cache key; [a-z_]+
    std::string_view title;  ///< what one record is called in messages
    IdType id = IdType::integer;

    /// Members with rules. Empty: a record is any JSON object, kept in the jsonb column `data`.
    std::vector<Field> fields = {};
    std::vector<List> lists = {List{}};

    bool primed = false;  ///< a write leaves the new value in the cache, rather than nothing
    Lifetime lifetime = Lifetime::records;
    Envelope envelope = {};         ///< empty: records and lists are answered bare
    std::string_view deleted = {};  ///< body of the answer to DELETE; empty: 204

    bool is_document() const { return fields.empty(); }
    bool is_wrapped() const { return !envelope.record.empty(); }
    std::string path_of(std::string_view record) const;
    std::string not_found(std::string_view record) const;
};

/// Every resource of this program, in the order of their names.
std::vector<Resource> all_resources();

}  // namespace larder
