#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/resource.hpp"

namespace larder::query {

/// What a client asks of a list, as values of their types. It refers to fields of the resource.

enum class Comparison {
    equal,  ///< to any of the values
    not_equal,
    greater,
    at_least,
    less,
    at_most,
    prefix,  ///< text that begins so
    null,    ///< the value says whether it is
};

/// A condition on a field, or on the id (null). A field that is null meets none but `null`.
struct Filter {
    const Field* field = nullptr;
    Comparison comparison = Comparison::equal;
    std::vector<std::string> values = {};  ///< as PostgreSQL is given them (query/value.hpp)
};

/// A field, or the id (null). Nulls come last either way.
struct SortKey {
    const Field* field = nullptr;
    bool is_falling = false;

    bool operator==(const SortKey&) const = default;
};

/// The values of a record by which it is sorted, as PostgreSQL prints them; nothing: null.
using Position = std::vector<std::optional<std::string>>;

/// How the records of an answer are written.
enum class Form {
    json,    ///< an array, or the envelope of the resource
    csv,     ///< RFC 4180, with a header line
    ndjson,  ///< one record a line
};

struct Query {
    Form form = Form::json;
    std::vector<Filter> filters = {};  ///< each pair of field and comparison once, in a fixed order
    std::string words = {};            ///< to be found in the fields with `search`
    std::vector<SortKey> order = {};   ///< up to the id, which comes last
    bool is_sorted = false;            ///< by the client
    std::optional<std::vector<std::string>> members = {};  ///< to be shown, beside the id
    int limit = 0;                                         ///< 0: all records
    std::optional<Position> after = {};  ///< what comes after it; one for each key
    bool is_counted = false;

    std::string text =
        {};                ///< the query string for it, without `after`; the same for each spelling
    std::string key = {};  ///< the same with `after`: equal for equal queries
    bool is_kept = true;   ///< the client has spelt it so that nginx may keep the answer

    /// Whether the records have this member, which is not the id.
    bool shows(std::string_view member) const {
        return !members || std::ranges::find(*members, member) != members->end();
    }

    /// Nothing but the list itself, and perhaps a limit.
    bool is_simple() const {
        return filters.empty() && words.empty() && !is_sorted && !after && !is_counted;
    }
};

// Bounds of what a client may ask for. nginx takes a request line of at most 8 KiB.
inline constexpr std::size_t most_filters = 20;
inline constexpr std::size_t most_values = 100;     ///< of a filter
inline constexpr std::size_t longest_value = 1000;  ///< code points, of text and words
inline constexpr std::size_t most_sort_keys = 8;    ///< the id aside
inline constexpr std::size_t most_members = 200;    ///< that are named in `fields`
inline constexpr std::size_t longest_link = 8000;   ///< bytes, of path and query

}  // namespace larder::query
