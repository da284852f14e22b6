#include "access/claims.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "access/loggable_text.hpp"
#include "access/secret.hpp"
#include "json/document.hpp"
#include "json/nested.hpp"
#include "number.hpp"

namespace larder::access {

namespace {

constexpr std::size_t longest_name = 64;
constexpr std::size_t id_digits = 32;

/// A NumericDate in whole seconds; nothing where it is none.
std::optional<std::int64_t> seconds_of(const json::Member& member) {
    if (member.type != json::Type::number) return std::nullopt;
    const std::string_view text = member.text;
    const auto dot = std::min(text.find('.'), text.size());
    const auto seconds = to_number<std::int64_t>(text.substr(0, dot));
    const auto fraction = text.substr(dot);
    if (!seconds || *seconds > latest_second || *seconds < -latest_second) return std::nullopt;
    if (fraction.find_first_of("eE") != fraction.npos) return std::nullopt;
    return seconds;
}

/// The text that a JSON string stands for.
std::optional<std::string> text_in(std::string_view json) {
    if (!json.starts_with('"')) return std::nullopt;
    std::string wrapped = R"({"":)";
    wrapped.append(json).append("}");
    auto document = json::parse(wrapped);
    if (!document || document->members.size() != 1) return std::nullopt;
    return std::move(document->members.front().text);
}

/// The texts of an array that has nothing else.
std::optional<std::vector<std::string>> texts_in(std::string_view array) {
    std::vector<std::string> texts;
    for (const std::string_view element : json::elements_of(array)) {
        auto text = text_in(element);
        if (!text) return std::nullopt;
        texts.push_back(std::move(*text));
    }
    return texts;
}

/// `exp` and `nbf`. Gives the time from which on the token is not valid.
std::expected<std::int64_t, Refusal> check_times(const json::Document& claims, std::int64_t now) {
    const json::Member* expiry = claims.find("exp");
    if (expiry == nullptr) return std::unexpected(Refusal::missing_claim);
    const auto expires = seconds_of(*expiry);
    if (!expires) return std::unexpected(Refusal::malformed);
    if (const json::Member* begin = claims.find("nbf"); begin != nullptr) {
        const auto begins = seconds_of(*begin);
        if (!begins) return std::unexpected(Refusal::malformed);
        if (now < *begins - clock_skew) return std::unexpected(Refusal::too_early);
    }
    if (now >= *expires + clock_skew) return std::unexpected(Refusal::expired);
    return *expires + clock_skew;
}

bool is_text(const json::Member* member, std::string_view text) {
    return member != nullptr && member->type == json::Type::string && !text.empty() &&
           member->text == text;
}

bool is_for(const json::Document& claims, std::string_view text, std::string_view audience) {
    const json::Member* member = claims.find("aud");
    if (member == nullptr || audience.empty()) return false;
    if (member->type != json::Type::array) return is_text(member, audience);
    const auto all = texts_in(json::raw_value(*member, text));
    return all && std::ranges::find(*all, audience) != all->end();
}

/// The roles among some words.
Roles roles_among(std::vector<std::string> words) {
    std::erase_if(words, [](const std::string& word) { return !is_role(word); });
    return roles_of(std::move(words));
}

/// `text` is that of the object `claims`. A path is no deeper than its text is long, and JSON has
/// its own limit.
std::expected<Roles, Refusal> roles_at(const json::Document& claims, std::string_view text,
                                       std::string_view path) {
    if (const json::Member* member = claims.find(path); member != nullptr) {
        if (member->type == json::Type::null) return Roles{};
        if (member->type == json::Type::string) return roles_in(member->text, ' ');
        if (member->type != json::Type::array) return std::unexpected(Refusal::malformed);
        auto words = texts_in(json::raw_value(*member, text));
        if (!words) return std::unexpected(Refusal::malformed);
        return roles_among(std::move(*words));
    }
    const auto dot = path.find('.');
    if (dot == path.npos) return Roles{};
    const json::Member* outer = claims.find(path.substr(0, dot));
    if (outer == nullptr || outer->type != json::Type::object) return Roles{};
    const auto inner = json::raw_value(*outer, text);
    const auto document = json::parse(inner);
    if (!document) return std::unexpected(Refusal::malformed);
    return roles_at(*document, inner, path.substr(dot + 1));
}

}  // namespace

Verdict judge_claims(std::string_view text, const JwtRules& rules, std::int64_t now) {
    const auto claims = json::parse(text);
    if (!claims || claims->root != json::Type::object) return std::unexpected(Refusal::malformed);
    if (!is_text(claims->find("iss"), rules.issuer)) return std::unexpected(Refusal::issuer);
    if (!is_for(*claims, text, rules.audience)) return std::unexpected(Refusal::audience);
    const auto expires = check_times(*claims, now);
    if (!expires) return std::unexpected(expires.error());
    const json::Member* subject = claims->find("sub");
    if (subject == nullptr) return std::unexpected(Refusal::missing_claim);
    if (subject->type != json::Type::string || subject->text.empty()) {
        return std::unexpected(Refusal::malformed);
    }
    auto roles = roles_at(*claims, text, rules.role_claim);
    if (!roles) return std::unexpected(roles.error());
    // No text of JSON holds a NUL here, so no other pair gives the same bytes.
    const std::string whole = rules.issuer + '\0' + subject->text;
    return Identity{.kind = IdentityKind::jwt,
                    .id = to_hex(sha256(whole)).substr(0, id_digits),
                    .name = loggable_text(subject->text, longest_name),
                    .roles = std::move(*roles),
                    .expires = *expires};
}

}  // namespace larder::access
