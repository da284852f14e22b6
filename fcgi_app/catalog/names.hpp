#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace larder {

/// Rules for the names in descriptions. Pure; any thread.

/// PostgreSQL cuts longer names off (NAMEDATALEN).
inline constexpr std::size_t longest_column = 63;  // bytes

/// First segments of Larder's own paths, as far as a resource could have the name. A unit test
/// compares them with the operations.
inline constexpr std::array<std::string_view, 7> reserved_paths = {
    "cache", "docs", "health", "metrics", "redoc", "status", "user"};

/// The parameters that lists have whatever their fields are (query/operators.hpp). A unit test
/// compares them.
inline constexpr std::array<std::string_view, 6> list_parameters = {"limit", "after", "fields",
                                                                    "count", "sort",  "q"};

/// What is wrong with a name, and what would be right, as the end of a sentence; empty: nothing.
std::string misnamed_resource(std::string_view name);
std::string misnamed_field(std::string_view name);
std::string misnamed_column(std::string_view name);
std::string misnamed_table(std::string_view name);
std::string misnamed_schema(std::string_view name);
std::string misnamed_list(std::string_view name);
std::string misnamed_member(std::string_view name);  ///< of an envelope

/// The words of a name as one: `stock_quantity` gives `StockQuantity`. OpenAPI's names are made so.
std::string joined(std::string_view name);

/// `name` as an SQL identifier.
std::string quoted_identifier(std::string_view name);

/// `text` as an SQL literal, where standard_conforming_strings is on (store/session_settings.hpp).
std::string quoted_literal(std::string_view text);

/// The text of an SQL array of these texts, as the value of a parameter.
std::string quoted_array(std::span<const std::string> texts);

}  // namespace larder
