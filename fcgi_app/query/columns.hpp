#pragma once

#include <string>
#include <string_view>

#include "catalog/resource.hpp"
#include "query/query.hpp"
#include "query/statement.hpp"

namespace larder::query {

/// A field, or the id, in SQL.
struct Column {
    std::string name;            ///< `t."issued"`
    std::string ordered;         ///< as it is sorted and compared: texts by code point
    std::string_view cast;       ///< of a parameter that it is compared with; empty: none is needed
    std::string_view collation;  ///< of a value that was taken from `ordered`
    bool is_nullable = false;
};

Column column_of(const Resource& resource, const Field* field);

/// The condition of a filter.
std::string condition_of(const Resource& resource, const Filter& filter, Values& values);

}  // namespace larder::query
