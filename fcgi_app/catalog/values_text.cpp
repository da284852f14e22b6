// Values that are written as strings.

#include <fmt/format.h>

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

StoredText stored(const Text& type, const json::Member& member) {
    if (member.type != json::Type::string) return misfit("must be a string");
    const std::size_t length = json::code_points(member.text);
    if (length < type.shortest || length > type.longest) return misfit(length_rule(type));
    constexpr std::string_view identifier =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    if (type.alphabet == Alphabet::identifier &&
        member.text.find_first_not_of(identifier) != member.text.npos) {
        return misfit("may only have the characters A-Z a-z 0-9 . _ -");
    }
    return member.text;
}

}  // namespace larder
