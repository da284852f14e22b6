#include "access/jwt.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "base64url.hpp"
#include "json/document.hpp"

namespace larder::access {

namespace {

struct Header {
    Algorithm algorithm;
    std::optional<std::string> key_id;
};

/// The parts of the compact form, still encoded.
struct Parts {
    std::string_view header;
    std::string_view claims;
    std::string_view signature;
    std::string_view message;  ///< what is signed: the first two, with their dot
};

std::optional<Parts> parts_of(std::string_view token) {
    const auto first = token.find('.');
    if (first == token.npos) return std::nullopt;
    const auto second = token.find('.', first + 1);
    if (second == token.npos || token.find('.', second + 1) != token.npos) return std::nullopt;
    return Parts{.header = token.substr(0, first),
                 .claims = token.substr(first + 1, second - first - 1),
                 .signature = token.substr(second + 1),
                 .message = token.substr(0, second)};
}

/// Media types do not distinguish case, and `application/` may be left out (RFC 7515, section
/// 4.1.9).
bool is_access_token(std::string_view type) {
    std::string name(type);
    std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    constexpr std::string_view application = "application/";
    if (name.starts_with(application)) name.erase(0, application.size());
    return name == "jwt" || name == "at+jwt";
}

std::expected<Header, Refusal> read_header(std::string_view encoded) {
    const auto text = from_base64url(encoded);
    if (!text || text->size() > longest_jwt_header) return std::unexpected(Refusal::malformed);
    const auto header = json::parse(*text);
    if (!header || header->root != json::Type::object) return std::unexpected(Refusal::malformed);
    const auto is_text = [](const json::Member* member) {
        return member == nullptr || member->type == json::Type::string;
    };
    const json::Member* name = header->find("alg");
    const json::Member* key = header->find("kid");
    const json::Member* type = header->find("typ");
    if (name == nullptr || !is_text(name) || !is_text(key) || !is_text(type)) {
        return std::unexpected(Refusal::malformed);
    }
    const auto algorithm = algorithm_of(name->text);
    if (!algorithm) return std::unexpected(Refusal::algorithm);
    if (header->find("crit") != nullptr) return std::unexpected(Refusal::critical);
    if (type != nullptr && !is_access_token(type->text)) return std::unexpected(Refusal::type);
    return Header{.algorithm = *algorithm,
                  .key_id = key == nullptr ? std::nullopt : std::optional(key->text)};
}

}  // namespace

Verdict judge_jwt(std::string_view token, const KeySet& keys, const JwtRules& rules,
                  std::int64_t now) {
    if (token.size() > longest_jwt) return std::unexpected(Refusal::malformed);
    const auto parts = parts_of(token);
    if (!parts) return std::unexpected(Refusal::malformed);
    const auto header = read_header(parts->header);
    if (!header) return std::unexpected(header.error());
    const auto candidates = keys.find(header->key_id, header->algorithm);
    if (candidates.empty()) {
        const bool is_known = header->key_id && keys.has(*header->key_id);
        return std::unexpected(is_known ? Refusal::algorithm : Refusal::key);
    }
    const auto signature = from_base64url(parts->signature);
    if (!signature) return std::unexpected(Refusal::malformed);
    const bool holds = std::ranges::any_of(candidates, [&](const Key* key) {
        return key->key.verify(header->algorithm, parts->message, *signature);
    });
    if (!holds) return std::unexpected(Refusal::signature);
    const auto claims = from_base64url(parts->claims);
    if (!claims) return std::unexpected(Refusal::malformed);
    return judge_claims(*claims, rules, now);
}

}  // namespace larder::access
