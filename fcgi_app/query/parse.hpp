#pragma once

#include <expected>
#include <string_view>
#include <vector>

#include "catalog/resource.hpp"
#include "error.hpp"
#include "query/query.hpp"

namespace larder::query {

/// What a client that sends no parameters asks of a list. A page is for JSON; in the other forms, a
/// list without limit has all records.
Query bare(const Resource& resource, const List& list, Form form = Form::json);

/// Reads the parameters of a list; `text` is the query as it was sent, without `?`. Or everything
/// that is wrong with them, each parameter once. The result refers to the fields of the resource.
/// Pure; any thread.
std::expected<Query, std::vector<FieldError>> parse(const Resource& resource, const List& list,
                                                    std::string_view text, Form form = Form::json);

}  // namespace larder::query
