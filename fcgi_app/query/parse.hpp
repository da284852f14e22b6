#pragma once

#include <expected>
#include <string_view>
#include <vector>

#include "catalog/resource.hpp"
#include "error.hpp"
#include "query/query.hpp"

namespace larder::query {

/// What a client that sends no parameters asks of a list.
Query bare(const Resource& resource, const List& list);

/// Reads the parameters of a list; `text` is the query as it was sent, without `?`. Or everything
/// that is wrong with them, each parameter once. The result refers to the fields of the resource.
/// Pure; any thread.
std::expected<Query, std::vector<FieldError>> parse(const Resource& resource, const List& list,
                                                    std::string_view text);

}  // namespace larder::query
