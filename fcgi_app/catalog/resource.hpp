#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace larder {

/// A resource is a collection of records with one URL, one table and one cache policy. One value of
/// type Resource describes it completely: routes, validation, SQL and cache keys are derived from
/// it. A value owns its texts. Descriptions are immutable after start and stay where they are:
/// others keep references into them, and any thread may read them.

enum class IdType { integer, uuid };

enum class Alphabet {
    any,
    identifier,  ///< A-Z a-z 0-9 . _ -
};

/// Text of `shortest` to `longest` characters (Unicode code points).
struct Text {
    static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

    std::size_t shortest = 0;
    std::size_t longest = no_limit;
    Alphabet alphabet = Alphabet::any;
};

/// An exact decimal number. The bounds are JSON numbers; what is empty or missing is no bound.
struct Decimal {
    std::string least = {};
    std::string most = {};
    std::optional<int> scale = {};  ///< most digits after the decimal point, zeros at the end aside
    std::optional<int> digits = {};  ///< most digits before it: the magnitude is under 10^`digits`
};

/// A whole number in a closed range.
struct Integer {
    std::int64_t least = std::numeric_limits<std::int64_t>::min();
    std::int64_t most = std::numeric_limits<std::int64_t>::max();
};

struct Boolean {};
struct Date {};       ///< a day of the years 0001 to 9999
struct Timestamp {};  ///< an instant of these years, to the microsecond
struct DateTime {};   ///< the same without a zone
struct Float {};      ///< a finite IEEE 754 double
struct Uuid {};

/// One of some texts.
struct Enum {
    std::vector<std::string> values;
};

/// Any JSON value but null, which is kept as SQL's NULL.
struct Json {};

/// What PostgreSQL's to_json shows of a column of another type. Always read only.
struct Other {};

/// What the removal of a record does to those that refer to it.
enum class OnDelete {
    restrict,  ///< it is refused
    cascade,   ///< they are removed with it
    clear,     ///< their references become null
};

/// The id of a record of the resource `to`, which may be the field's own one.
struct Reference {
    std::string to;
    OnDelete on_delete = OnDelete::restrict;

    // What `to` says of itself; known once all descriptions are read (catalog/references.hpp).
    IdType id = IdType::integer;
    std::string title = {};
};

using FieldType = std::variant<Text, Decimal, Integer, Boolean, Date, Timestamp, DateTime, Float,
                               Uuid, Enum, Json, Other, Reference>;

/// What a field of a new record has where nothing was sent.
struct Default {
    std::string json;
    std::string stored;  ///< as stored_text gives it (catalog/values.hpp)
};

/// A member of the record.
struct Field {
    std::string name;
    FieldType type;
    bool required = true;  ///< false: may be missing or null
    bool unique = false;   ///< backed by a unique constraint and by the duplicate check, which
                           ///< compares texts: only for types with one text for each value

    std::string example = {};  ///< a valid value as JSON, for the documentation; empty: one is made
                               ///< up from the type
    std::string meaning = {};  ///< for the documentation
    std::optional<Default> fallback = {};
    bool read_only = false;  ///< the database gives it; what a client sends is ignored, as an id is
    /// The column's own default gives the value of a new record where nothing was sent. Never with
    /// `fallback` or `read_only`.
    bool database_default = false;
    std::string column = {};  ///< where it is stored; empty: in the column of its own name
    bool filter =
        false;  ///< the database has an index for each of these: for equal values and ranges,
    bool sort = false;      ///< for an order,
    bool search = false;    ///< and for words
    std::string fill = {};  ///< SQL expression over the columns: what the rows get that have no
                            ///< value when the field is made or required (admin/plan.hpp)

    bool is_json() const { return std::holds_alternative<Json>(type); }
    const Reference* reference() const { return std::get_if<Reference>(&type); }  ///< or null
    const std::string& column_name() const { return column.empty() ? name : column; }
};

/// A list of records at `/<resource>` (empty path) or `/<resource>/<path>`.
/// `from` replaces the table (an SQL table expression that keeps its columns).
struct List {
    std::string path = {};
    std::string where = {};               ///< an SQL expression; empty: all records
    std::vector<std::string> order = {};  ///< names of fields, with `-` for falling; id comes last
    std::string from = {};
    std::string meaning = {};  ///< which records it has, for the documentation

    /// Where a cached answer is kept (cache/generations.hpp).
    std::string file() const { return path.empty() ? "list" : "list-" + path; }
};

inline constexpr int longest_list = 1000000;  ///< the largest `limit` of a list

/// How many records an answer has.
struct PageSize {
    int usual = 0;            ///< where no `limit` is sent; 0: all
    int most = longest_list;  ///< that a `limit` may ask for
};

/// How answers are wrapped: `{"cached": …, "<record>": {…}}` and `{"cached": …, "<list>": […]}`.
struct Envelope {
    std::string record = {};
    std::string list = {};
};

enum class Lifetime {
    records,  ///< CACHE_TTL_SECONDS
    items,    ///< ITEM_CACHE_TTL
};

/// A field whose values are ids of records of the resource that has this entry.
struct Referrer {
    std::string resource;
    std::string field;
    OnDelete on_delete = OnDelete::restrict;
};

/// In the rights of a resource: who has no token may, too.
inline constexpr std::string_view anyone = "anyone";

/// The roles that may do what (access/rights.hpp), each sorted and once. Where there is none, the
/// role `admin` alone may, which may everything.
struct Rights {
    std::vector<std::string> read = {};
    std::vector<std::string> create = {};
    std::vector<std::string> change = {};
    std::vector<std::string> remove = {};
};

struct Resource {
    std::string name;   ///< path segment and cache key (catalog/names.hpp)
    std::string title;  ///< what one record is called in messages
    IdType id = IdType::integer;

    /// Members with rules. Empty: a record is any JSON object, kept in the jsonb column `data`.
    std::vector<Field> fields = {};
    std::vector<List> lists = {List{}};
    PageSize page = {};  ///< of each list

    /// Names of fields that have an index together, in this order, beside those of their own.
    std::vector<std::vector<std::string>> indexes = {};

    bool primed = false;  ///< a write leaves the new value in the cache, rather than nothing
    Lifetime lifetime = Lifetime::records;
    Envelope envelope = {};    ///< empty: records and lists are answered bare
    std::string deleted = {};  ///< body of the answer to DELETE; empty: 204

    std::string table = {};  ///< empty: the name
    std::string schema = "public";
    std::string id_column = "id";
    bool generates_id = false;  ///< the column has no default, so a new UUID is given
    bool can_create = true;     ///< false: the database cannot give what a new record needs
    bool can_change = true;     ///< false: read only, also with nothing to create or delete

    Rights rights = {};  ///< asked with AUTH=on only

    const std::string& table_name() const { return table.empty() ? name : table; }
    std::string sql_table() const;  ///< in SQL, with its schema

    // Known once all descriptions are read (catalog/references.hpp).
    std::vector<Referrer> referrers = {};
    bool removal_may_be_refused = false;  ///< by a record that refers to it, or to one below it

    bool removal_changes_others() const;  ///< records that refer to it are removed or changed too
    bool is_document() const { return fields.empty(); }
    bool keeps_json() const;  ///< in a field or as a whole: merging can make it grow without end
    bool is_wrapped() const { return !envelope.record.empty(); }
    const Field* find_field(std::string_view wanted) const;  ///< null: there is none
    std::string path_of(std::string_view record) const;
    std::string not_found(std::string_view record) const;
};

}  // namespace larder
