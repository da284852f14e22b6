#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "catalog/resource.hpp"
#include "json/document.hpp"

namespace larder {

/// The rules behind stored_text (catalog/values.hpp), a file for each group of types.
using StoredText = std::expected<std::string, std::string>;

/// A value as it was sent: `member.text` is the decoded string or the digits of a number.
struct SentValue {
    const json::Member& member;
    std::string_view raw;

    bool is(json::Type type) const { return member.type == type; }
};

StoredText stored(const Text& type, const SentValue& value);
StoredText stored(const Enum& type, const SentValue& value);
StoredText stored(const Uuid& type, const SentValue& value);
StoredText stored(const Decimal& type, const SentValue& value);
StoredText stored(const Integer& type, const SentValue& value);
StoredText stored(const Float& type, const SentValue& value);
StoredText stored(const Date& type, const SentValue& value);
StoredText stored(const Timestamp& type, const SentValue& value);
StoredText stored(const DateTime& type, const SentValue& value);
StoredText stored(const Boolean& type, const SentValue& value);
StoredText stored(const Json& type, const SentValue& value);
StoredText stored(const Other& type, const SentValue& value);
StoredText stored(const Reference& type, const SentValue& value);

/// `why` as the reason that a value does not fit.
inline std::unexpected<std::string> misfit(std::string why) {
    return std::unexpected(std::move(why));
}

}  // namespace larder
