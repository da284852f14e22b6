#include "access/identity.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

namespace larder::access {

namespace {

constexpr std::size_t longest_role = 64;
constexpr std::string_view letters_and_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view marks = "._:/-";

}  // namespace

bool is_role(std::string_view text) {
    if (text.empty() || text.size() > longest_role || text == "anyone") return false;
    return letters_and_digits.contains(text.front()) && std::ranges::all_of(text, [](char c) {
               return letters_and_digits.contains(c) || marks.contains(c);
           });
}

Roles roles_of(std::vector<std::string> names) {
    std::ranges::sort(names);
    const auto twice = std::ranges::unique(names);
    names.erase(twice.begin(), twice.end());
    return names;
}

Roles roles_in(std::string_view text, char separator) {
    std::vector<std::string> names;
    for (const auto word : std::views::split(text, separator)) {
        const std::string_view name(word.begin(), word.end());
        if (is_role(name)) names.emplace_back(name);
    }
    return roles_of(std::move(names));
}

std::string_view reason_of(Refusal refusal) {
    switch (refusal) {
        case Refusal::unknown: return "the token is unknown or was revoked";
        case Refusal::malformed: return "the token is malformed";
        case Refusal::expired: return "the token has expired";
        case Refusal::too_early: return "the token is not valid yet";
        case Refusal::algorithm: return "the algorithm of the token is not accepted";
        case Refusal::key: return "no key is known that the token is signed with";
        case Refusal::signature: return "the signature of the token is wrong";
        case Refusal::type: return "the token is no access token";
        case Refusal::critical: return "the token asks for an extension that is not supported";
        case Refusal::issuer: return "the token is of another issuer";
        case Refusal::audience: return "the token is for another audience";
        case Refusal::missing_claim: return "the token lacks exp or sub";
    }
    return "the token is refused";
}

}  // namespace larder::access
