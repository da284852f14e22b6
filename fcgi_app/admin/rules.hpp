#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalog/resource.hpp"

namespace larder::admin {

/// What the rules of fields mean for the values of a column. Pure; any thread.

/// Two sets of values, each the values that fit the rules of a field.
struct Comparison {
    bool has_all = true;    ///< what a column takes has every value that the field takes
    bool has_more = false;  ///< it has values that the field does not take

    bool is_equal() const { return has_all && !has_more; }
};

/// Compares what a column takes with what a field takes. Nothing: the types differ, so that one
/// column cannot be for the other. Of a text and an enum either may be in the column of the other.
std::optional<Comparison> compare_rules(const FieldType& column, const FieldType& field);

/// The rules as an SQL condition on the expression `value`; empty: any value fits. No value (NULL)
/// fits any. PostgreSQL's own type sees to what its values are.
std::string rule_sql(const FieldType& type, std::string_view value);

/// The type of the column of a new field; empty: Larder makes no such column (`other`).
std::string_view column_type(const FieldType& type);

/// Whether the values are texts, which are compared by code point (COLLATE "C").
bool is_text(const FieldType& type);

/// The default of a field as an SQL constant of its type.
std::string default_sql(const FieldType& type, std::string_view stored);

/// Whether the default of a column, as pg_get_expr shows it, is `stored`, the default of a field.
bool is_same_default(std::string_view expression, const FieldType& type, std::string_view stored);

}  // namespace larder::admin
