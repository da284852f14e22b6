#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalog/resource.hpp"
#include "query/query.hpp"

namespace larder::query {

/// Sets `text` and `key` from the rest of the query: parameters in the order of the documentation,
/// each in one spelling. `has_limit`: the client has sent one. `cursor`: its `after`, or empty.
void name(Query& query, bool has_limit, std::string_view cursor);

/// What a cursor of this query holds for (query/cursor.hpp).
std::string binding_of(const Resource& resource, const List& list, const Query& query);

/// The value of a header field Link (RFC 8288) that leads to the rest of a list: `path` is where
/// the list is. Nothing: it is over `longest_link`.
std::optional<std::string> next_link(std::string_view path, const Resource& resource,
                                     const List& list, const Query& query,
                                     const Position& position);

/// The filters and the order, for a message: "the filters `customer`, `total.gte` with the order
/// `-issued`".
std::string summary_of(const Query& query);

}  // namespace larder::query
