#pragma once

#include <expected>
#include <string>

#include "catalog/resource.hpp"
#include "json/document.hpp"

namespace larder {

/// The rules behind stored_text (catalog/values.hpp), a file for each group of types.
using StoredText = std::expected<std::string, std::string>;

StoredText stored(const Text& type, const json::Member& member);
StoredText stored(const Decimal& type, const json::Member& member);
StoredText stored(const Integer& type, const json::Member& member);

/// `why` as the reason that a value does not fit.
inline std::unexpected<std::string> misfit(std::string why) {
    return std::unexpected(std::move(why));
}

}  // namespace larder
