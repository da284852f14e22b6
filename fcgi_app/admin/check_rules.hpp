#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/resource.hpp"

namespace larder::admin {

/// The type of a field that shows every value of a PostgreSQL type, with all that the type demands.
/// `type` is as format_type prints it, with domains resolved. `labels` are those of an enum type,
/// empty for another. Nothing: no type of a field shows it. Pure; any thread.
std::optional<FieldType> rules_of_type(std::string_view type,
                                       const std::vector<std::string>& labels);

/// What an expression is about.
struct CheckedColumn {
    std::string_view name;       ///< `VALUE`: the check is that of a domain
    std::string_view base_type;  ///< as above
    bool has_one_text = true;    ///< whether equal values have one text (admin/table.hpp)
};

/// Adds to `rules` what a CHECK demands, given as pg_get_expr prints it. False, with `rules` as
/// they were: the expression is not understood, or the type of a field cannot say exactly this. A
/// strict bound may need what another check says (`> 0` a scale), so a check that fails is worth a
/// second try after the others. `jsonb_typeof(data) = 'object'` of a column `data` is understood
/// and adds nothing: a record without fields is so. Pure; any thread.
bool add_check(FieldType& rules, const CheckedColumn& column, std::string_view expression);

}  // namespace larder::admin
