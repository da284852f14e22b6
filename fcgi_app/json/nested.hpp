#pragma once

#include <string_view>
#include <vector>

namespace larder::json {

/// The texts of the elements of an array, without the space around them. `array` is the text of one
/// JSON array that `parse` has accepted, alone or as part of a longer text (`raw_value`). Pure; any
/// thread.
std::vector<std::string_view> elements_of(std::string_view array);

}  // namespace larder::json
