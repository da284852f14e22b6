#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "catalog/change.hpp"
#include "catalog/resource.hpp"

namespace larder::bulk {

/// The text of a cell as the value of a field, as JSON would have it: numbers, true and false, JSON
/// of a json field, or else a string. Fails with the reason, as the end of a sentence about the
/// field. Whether it fits the rules of the field is not looked at (catalog/change.hpp), but for
/// what only a cell can have wrong. Pure; any thread.
std::expected<GivenValue, std::string> value_of_cell(const Field& field, std::string_view text);

/// Whether a cell with quotes and no text is the empty text; else it is like an empty cell.
bool has_empty_text(const Field& field);

}  // namespace larder::bulk
