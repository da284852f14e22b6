#include "admin/identifier_pattern.hpp"

#include <bitset>

#include "number.hpp"

namespace larder::admin {

namespace {

constexpr std::string_view identifier =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

using Characters = std::bitset<256>;

/// What stands between the brackets of a character class; nothing: something unusual.
std::optional<Characters> characters_of(std::string_view inner) {
    Characters found;
    if (inner.starts_with('^')) return std::nullopt;
    for (std::size_t i = 0; i < inner.size(); ++i) {
        if (inner[i] == '[' || inner[i] == ']') return std::nullopt;
        if (inner[i] == '\\') {
            ++i;
            if (i == inner.size() || !std::string_view(".-_").contains(inner[i])) {
                return std::nullopt;
            }
        }
        const auto first = static_cast<unsigned char>(inner[i]);
        auto last = first;
        if (i + 2 < inner.size() && inner[i + 1] == '-') {
            last = static_cast<unsigned char>(inner[i + 2]);
            if (last == '\\' || last < first) return std::nullopt;
            i += 2;
        }
        for (unsigned c = first; c <= last; ++c) found.set(c);
    }
    return found;
}

/// `{1,64}` without its brackets.
std::optional<IdentifierPattern> counted(std::string_view inner) {
    const auto comma = inner.find(',');
    const auto least = to_number<std::size_t>(inner.substr(0, comma));
    if (!least) return std::nullopt;
    if (comma == inner.npos) return IdentifierPattern{*least, *least};
    if (comma + 1 == inner.size()) return IdentifierPattern{.shortest = *least};
    const auto most = to_number<std::size_t>(inner.substr(comma + 1));
    if (!most) return std::nullopt;
    return IdentifierPattern{*least, *most};
}

}  // namespace

std::optional<IdentifierPattern> identifier_pattern(std::string_view pattern) {
    if (!pattern.starts_with("^[") || !pattern.ends_with('$')) return std::nullopt;
    const auto end = pattern.find(']');
    if (end == pattern.npos) return std::nullopt;
    const auto characters = characters_of(pattern.substr(2, end - 2));
    Characters wanted;
    for (const char c : identifier) wanted.set(static_cast<unsigned char>(c));
    if (characters != wanted) return std::nullopt;
    const std::string_view quantifier = pattern.substr(end + 1, pattern.size() - end - 2);
    if (quantifier.empty()) return IdentifierPattern{1, 1};
    if (quantifier == "+") return IdentifierPattern{.shortest = 1};
    if (quantifier == "*") return IdentifierPattern{};
    if (!quantifier.starts_with('{') || !quantifier.ends_with('}')) return std::nullopt;
    return counted(quantifier.substr(1, quantifier.size() - 2));
}

bool is_identifier(std::string_view text) {
    return text.find_first_not_of(identifier) == text.npos;
}

}  // namespace larder::admin
