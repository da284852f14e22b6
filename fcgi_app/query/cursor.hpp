#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "query/query.hpp"

namespace larder::query {

/// A position as an opaque text of A-Z a-z 0-9 - _ for the parameter `after`. `binding` is what it
/// holds for: filters, order and form of the list. Pure; any thread.
std::string cursor_of(const Position& position, std::string_view binding);

/// The position of a cursor. Nothing: it was not made by `cursor_of` with this binding, or was
/// altered, or has not `keys` values.
///
/// The digest in it is no secret. It finds mistakes; who forges it gets a page that filters would
/// give as well.
std::optional<Position> position_of(std::string_view cursor, std::string_view binding,
                                    std::size_t keys);

}  // namespace larder::query
