#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "catalog/resource.hpp"

namespace larder::admin {

/// A regular expression that demands `alphabet = "identifier"` and a length.
struct IdentifierPattern {
    std::size_t shortest = 0;
    std::size_t longest = Text::no_limit;
};

/// Reads `^[A-Za-z0-9._-]{1,64}$` with its characters in any order and any quantifier. Nothing: the
/// pattern is another. Pure; any thread.
std::optional<IdentifierPattern> identifier_pattern(std::string_view pattern);

/// Whether a text has the characters of identifiers only.
bool is_identifier(std::string_view text);

}  // namespace larder::admin
