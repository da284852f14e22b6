#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalog/resource.hpp"

namespace larder::admin {

/// A column's default as the value of `default` in a description, written as TOML. Nothing: it is
/// no constant, none that the type of the field can have, or one that TOML writes in another way.
/// `sql` is as pg_get_expr prints it. Pure; any thread.
std::optional<std::string> constant_default(const FieldType& type, std::string_view base_type,
                                            std::string_view sql);

/// Whether the default is NULL, which is none.
bool is_null_default(std::string_view sql);

/// `text` as a string of TOML.
std::string toml_string(std::string_view text);

}  // namespace larder::admin
