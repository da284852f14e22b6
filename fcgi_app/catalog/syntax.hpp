#pragma once

#include <expected>
#include <string_view>

#include "catalog/mistakes.hpp"
#include "catalog/toml.hpp"

namespace larder {

/// Reads one text as TOML (toml.io, version 1.0). Fails with the first mistake, which has no file.
/// Refused before toml++ reads it: what is not UTF-8, and nesting so deep that a recursive reader
/// would need much stack. Pure; any thread.
std::expected<toml::table, Mistake> parse_toml(std::string_view text);

}  // namespace larder
