#pragma once

#include <optional>

#include "catalog/resource.hpp"
#include "catalog/table_reader.hpp"

namespace larder {

/// Reads one entry of `[fields]`. Nothing where the field cannot be used at all; `mistakes` then
/// has the reason. `example` and `default` of a reference are kept as they are written, because
/// another description has their type. Pure; any thread.
std::optional<Field> read_field(const Entry& entry, Mistakes& mistakes);

}  // namespace larder
