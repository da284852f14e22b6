#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/resource.hpp"
#include "query/query.hpp"

namespace larder::query {

/// The order that a list has of itself, up to the id. Pure; any thread.
std::vector<SortKey> order_of(const Resource& resource, const List& list);

/// The order that a client asks for, up to the id: `-issued,number`. Or why it cannot be had.
std::expected<std::vector<SortKey>, std::string> parse_order(const Resource& resource,
                                                             std::string_view text);

}  // namespace larder::query
