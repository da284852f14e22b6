#pragma once

#include <expected>
#include <optional>
#include <string>

#include "catalog/resource.hpp"
#include "catalog/table_reader.hpp"

namespace larder {

/// Reads one entry of `[fields]`. Nothing where the field cannot be used at all; `mistakes` then
/// has the reason. `example` and `default` of a reference are kept as they are written, because
/// another description has their type. Pure; any thread.
std::optional<Field> read_field(const Entry& entry, Mistakes& mistakes);

/// A value of a description, written as JSON, as a field of this type takes it; or what is wrong
/// with it, as the end of a sentence. Pure; any thread.
std::expected<Default, std::string> fitting_value(const FieldType& type, std::string json);

}  // namespace larder
