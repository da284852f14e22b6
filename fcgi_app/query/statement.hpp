#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/resource.hpp"
#include "query/query.hpp"

namespace larder::query {

/// Parts of the SQL of a list, over a table that is `t`. What a client sent stands in no text:
/// values become parameters. Pure.

/// The parameters $1, $2, … of one statement.
class Values {
public:
    /// The name of a parameter with this value.
    std::string add(std::string value);
    std::vector<std::optional<std::string>> take() { return std::move(values_); }

private:
    std::vector<std::optional<std::string>> values_;
};

/// SQL for the rows that a list chooses from.
struct Rows {
    std::string from;   ///< a table expression
    std::string where;  ///< a condition; empty: all
};

/// `, …` for each sort key: the values of a Position.
std::string position_columns(const Resource& resource, const Query& query);

/// What follows the columns of SELECT: FROM … WHERE … ORDER BY … LIMIT. `limit` 0: all rows. In
/// front of SELECT goes `with`, if it is not empty.
struct Selection {
    std::string with;
    std::string rest;
};
Selection selection(const Resource& resource, const Rows& rows, const Query& query, int limit,
                    Values& values);

/// FROM … WHERE … for all rows of which the query has pages.
std::string counted(const Resource& resource, const Rows& rows, const Query& query, Values& values);

}  // namespace larder::query
