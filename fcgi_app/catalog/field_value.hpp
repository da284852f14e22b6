#pragma once

#include <expected>
#include <optional>
#include <string>

#include "catalog/resource.hpp"
#include "catalog/table_reader.hpp"

namespace larder {

/// Values that a description has, `default` and `example`. Pure; any thread.

/// A value of TOML as JSON; nothing where JSON has no such value.
std::optional<std::string> json_of(const toml::node& node);

/// A value, written as JSON, as a field of this type takes it; or what is wrong with it, as the end
/// of a sentence.
std::expected<Default, std::string> fitting_value(const FieldType& type, std::string json);

}  // namespace larder
