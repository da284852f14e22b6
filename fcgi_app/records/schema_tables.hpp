#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "catalog/resource.hpp"
#include "store/session.hpp"

namespace larder {

/// An item of FROM, `d (place, oid)`: of each table of the resources that `names_of_tables` has in
/// $1 its place among them, from 0, and its oid, NULL where there is no such table. One statement
/// then looks at all tables, because a round trip for each would make the start slow.
constexpr std::string_view places_and_oids =
    "(SELECT place - 1 AS place, to_regclass(t) AS oid FROM json_array_elements_text($1::json)"
    " WITH ORDINALITY AS w(t, place) OFFSET 0) AS d";

std::string names_of_tables(std::span<const Resource> resources);

/// The place in a column of a row.
std::size_t place_of(const Row& row, std::size_t column = 0);

}  // namespace larder
