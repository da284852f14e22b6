#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "catalog/resource.hpp"
#include "query/query.hpp"

namespace larder::query {

/// What a field, or the id (null), is compared with: the type of the field without the bounds that
/// new values have, because a table may have others already, and a question may lie outside them.
FieldType compared_type(const Resource& resource, const Field* field);

/// The text that PostgreSQL is given for a value in a query, which is written as in JSON without
/// quotes; or why it does not fit, as catalog/values.hpp says it. `text` must be UTF-8. Pure; any
/// thread.
std::expected<std::string, std::string> filter_value(const Resource& resource, const Field* field,
                                                     Comparison comparison, std::string_view text);

/// A reason to refuse a text, of a filter or of words; empty: there is none.
std::string unusable_text(std::string_view text);

}  // namespace larder::query
