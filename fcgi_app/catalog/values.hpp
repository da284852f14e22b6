#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "catalog/resource.hpp"
#include "json/document.hpp"

namespace larder {

/// The text that PostgreSQL is given for a value that a client has sent, or why the value does not
/// fit the type, as the end of a sentence about the field ("must be a string"). A value has one
/// such text, but for decimals, which keep their digits, floats and JSON. `member` is not null, and
/// `raw` is its value as it was sent (json::raw_value). Pure; any thread.
std::expected<std::string, std::string> stored_text(const FieldType& type,
                                                    const json::Member& member,
                                                    std::string_view raw);

}  // namespace larder
