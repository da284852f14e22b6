// What a client sends as a token, and what an identity provider writes into its key file. The keys
// are those of RFC 7515 (A.2, A.3) and RFC 8037 (A.1), whose tokens are in the corpus: their claims
// do not fit, so there is no text that may be taken.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "access/jwt.hpp"
#include "access/token_table.hpp"
#include "base64url.hpp"
#include "fuzz/input.hpp"
#include "fuzz/json_judge.hpp"
#include "fuzz/target.hpp"

using namespace larder;
using namespace larder::access;

namespace {

constexpr std::int64_t now = 1'300'000'000;
const JwtRules rules{.issuer = "joe", .audience = "larder"};

constexpr std::string_view key_file =
    R"({"keys":[{"kty":"RSA","kid":"r","n":")"
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt"
    "0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSX"
    "ndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5"
    "IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
    R"(","e":"AQAB"},{"kty":"EC","kid":"e","crv":"P-256",)"
    R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},{"kty":"OKP","kid":"o",)"
    R"("crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";

const KeySet& keys() {
    static const KeySet set = KeySet::parse(key_file).value();
    return set;
}

void check_token(std::string_view token) {
    MUST(!judge_jwt(token, keys(), rules, now).has_value());
    TokenTable table;
    MUST(table.add({"1", "ci", std::string(64, '0'), "admin", std::nullopt}));
    table.finish();
    if (!is_own_token(token)) return;
    MUST(table.judge(token, now).error() == Refusal::unknown);
    MUST(judge_jwt(token, keys(), rules, now).error() == Refusal::malformed);
}

/// Three parts that are encoded here, so that what is behind the encoding is reached.
void check_parts(fuzz::Input input) {
    const std::string header(input.until('\n'));
    const std::string claims(input.until('\n'));
    const std::string token =
        to_base64url(header) + '.' + to_base64url(claims) + '.' + to_base64url(input.rest());
    const auto verdict = judge_jwt(token, keys(), rules, now);
    MUST(!verdict.has_value());
    const auto judged = fuzz::judge(header);
    if (!judged) MUST(verdict.error() == Refusal::malformed);
}

const json::Member* find(const fuzz::Judgement& claims, std::string_view name) {
    const auto found = std::ranges::find(claims.members, name, &json::Member::name);
    return found == claims.members.end() ? nullptr : &*found;
}

bool is_text(const json::Member* member, std::string_view text) {
    return member != nullptr && member->type == json::Type::string && member->text == text;
}

bool is_number(const json::Member* member) {
    return member != nullptr && member->type == json::Type::number;
}

void check_identity(const Identity& identity) {
    MUST(identity.kind == IdentityKind::jwt);
    MUST(identity.id.size() == 32);
    MUST(!identity.name.empty() && identity.name.size() <= 64);
    MUST(
        std::ranges::all_of(identity.name, [](char c) { return c > ' ' && c <= '~' && c != '"'; }));
    MUST(std::ranges::all_of(identity.roles, [](const auto& role) { return is_role(role); }));
    MUST(roles_of(identity.roles) == identity.roles);
    MUST(identity.expires && identity.is_valid_at(now));
}

/// Another reader of the same claims.
void check_claims(std::string_view text) {
    const auto verdict = judge_claims(text, rules, now);
    const auto claims = fuzz::judge(text);
    if (!claims || claims->root != json::Type::object) {
        MUST(!verdict && verdict.error() == Refusal::malformed);
        return;
    }
    const json::Member* expiry = find(*claims, "exp");
    const json::Member* subject = find(*claims, "sub");
    const json::Member* begin = find(*claims, "nbf");
    if (verdict) {
        check_identity(*verdict);
        MUST(is_text(find(*claims, "iss"), rules.issuer));
        MUST(subject != nullptr && !subject->text.empty());
        MUST(is_number(expiry));
        const long double end = std::strtold(expiry->text.c_str(), nullptr) + clock_skew;
        MUST(now < end && static_cast<long double>(*verdict->expires) <= end);
        if (begin == nullptr) return;
        MUST(is_number(begin) &&
             now >= std::strtold(begin->text.c_str(), nullptr) - clock_skew - 1);
        return;
    }
    const bool is_plain = is_text(find(*claims, "iss"), rules.issuer) &&
                          is_text(find(*claims, "aud"), rules.audience) && subject != nullptr &&
                          subject->type == json::Type::string && !subject->text.empty() &&
                          begin == nullptr && find(*claims, "roles") == nullptr &&
                          is_number(expiry) && expiry->text.size() == 10 &&
                          expiry->text.find_first_not_of("0123456789") == std::string::npos &&
                          std::stoll(expiry->text) > now;
    MUST(!is_plain);
}

void check_key_file(std::string_view text) {
    const auto set = KeySet::parse(text);
    if (!set) {
        MUST(!set.error().empty());
        MUST(std::ranges::none_of(set.error(), [](char c) { return c >= 0 && c < ' '; }));
        return;
    }
    const auto judged = fuzz::judge(text);
    MUST(judged && judged->root == json::Type::object);
    MUST(!set->keys().empty() && set->keys().size() <= KeySet::most_keys);
    for (const Key& key : set->keys()) {
        const bool is_rsa = key.key.type() == PublicKey::Type::rsa;
        MUST(!is_rsa || key.key.bits() >= PublicKey::least_rsa_bits);
        MUST(!key.only || key.key.admits(*key.only));
        MUST(!key.key.verify(Algorithm::rs256, text, text));
    }
}

void check_base64url(std::string_view text) {
    if (const auto bytes = from_base64url(text)) MUST(to_base64url(*bytes) == text);
    MUST(from_base64url(to_base64url(text)) == text);
}

}  // namespace

FUZZ_TARGET(token) {
    fuzz::Input choice(input);
    switch (choice.byte()) {
        case 'p': return check_parts(choice);
        case 'c': return check_claims(choice.rest());
        case 'k': return check_key_file(choice.rest());
        case 'b': return check_base64url(choice.rest());
        default: return check_token(input);
    }
}
