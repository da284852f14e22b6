// Values that are written as strings.

#include <fmt/format.h>

#include <algorithm>

#include "catalog/identifier.hpp"
#include "catalog/value_rules.hpp"
#include "json/text.hpp"

namespace larder {

namespace {

std::string length_rule(const Text& type) {
    if (type.longest == Text::no_limit) {
        return fmt::format("must have at least {} characters", type.shortest);
    }
    return fmt::format("must have {} to {} characters", type.shortest, type.longest);
}

}  // namespace

StoredText stored(const Text& type, const SentValue& value) {
    if (!value.is(json::Type::string)) return misfit("must be a string");
    const std::size_t length = json::code_points(value.member.text);
    if (length < type.shortest || length > type.longest) return misfit(length_rule(type));
    constexpr std::string_view identifier =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    if (type.alphabet == Alphabet::identifier &&
        value.member.text.find_first_not_of(identifier) != value.member.text.npos) {
        return misfit("may only have the characters A-Z a-z 0-9 . _ -");
    }
    return value.member.text;
}

StoredText stored(const Enum& type, const SentValue& value) {
    if (!value.is(json::Type::string) ||
        std::ranges::find(type.values, value.member.text) == type.values.end()) {
        return misfit(fmt::format("must be one of {}", fmt::join(type.values, ", ")));
    }
    return value.member.text;
}

StoredText stored(const Uuid&, const SentValue& value) {
    auto id =
        value.is(json::Type::string) ? canonical_id(IdType::uuid, value.member.text) : std::nullopt;
    if (!id) return misfit("must be a UUID, such as 6f1d2c3b-4a59-4e68-8b77-90a1b2c3d4e5");
    return std::move(*id);
}

}  // namespace larder
