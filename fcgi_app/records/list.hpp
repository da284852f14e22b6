#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "error.hpp"
#include "query/query.hpp"
#include "records/backend.hpp"

namespace larder {

/// What is known of a list before its first record.
struct ListHead {
    bool is_cacheable = false;
    std::optional<query::Position> rest = {};  ///< there are more after this one, the last
    std::string total = {};  ///< how many all pages have, where that was asked for
};

/// Reads a list: calls `begin`, and then hands over the JSON of each record, in order, until `take`
/// gives false. Bounded memory: of a page of over `Session::held_rows` the end is looked up first,
/// in the same snapshot.
///
/// A list may be cached under a tag that every write has which changes it (catalog/tags.hpp) if, in
/// a statement before the list's own snapshot, no transaction held the lock of the tag, and the
/// generation had been looked up before that: then the list has every change of the generation.
///
/// A query that takes over QUERY_TIMEOUT_MS fails with `unavailable`, and `detail` names its
/// filters and its order. One with a value that no column can hold fails with `unprocessable`.
Expected<void> read_list(Backend& backend, const Collection& collection, const List& list,
                         const query::Query& query, std::string_view tag,
                         const std::function<void(const ListHead&)>& begin,
                         const std::function<bool(std::string_view)>& take);

}  // namespace larder
