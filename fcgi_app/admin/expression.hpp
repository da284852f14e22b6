#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace larder::admin {

/// A part of an SQL expression as pg_get_expr prints it.
struct Expression {
    enum class Kind {
        name,     ///< a column, or VALUE of a domain; `text` without quotes
        number,   ///< `text` as it stands, without a sign `+`
        text,     ///< a literal in quotes; `text` without them
        cast,     ///< of parts[0] to the type `text`
        call,     ///< of the function `text` with `parts`
        array,    ///< ARRAY[parts]
        compare,  ///< `text` is the operator, `parts` are two; `= ANY` has an array as its second
        is_null,
        is_not_null,
        all_of,  ///< AND
        any_of,  ///< OR
    };

    Kind kind = Kind::name;
    std::string text = {};
    std::vector<Expression> parts = {};
};

/// Reads an expression. Nothing: it has something else than the above, or too much of it. Pure; any
/// thread.
std::optional<Expression> parse_expression(std::string_view sql);

}  // namespace larder::admin
