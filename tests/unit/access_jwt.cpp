// JWTs that hold, and what the known attacks try (RFC 8725, section 2).
#include "access/jwt.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

#include "base64url.hpp"
#include "support/jwt_maker.hpp"

using namespace larder;
using namespace larder::access;
using namespace larder::test;

namespace {

constexpr std::int64_t now = 1'800'000'000;
const JwtRules rules{.issuer = "https://id.example", .audience = "larder"};
const std::string claims =
    R"({"iss":"https://id.example","aud":"larder","exp":1800000300,"sub":"ann","roles":["clerk"]})";

struct Provider {
    JwtMaker rsa = JwtMaker::rsa();
    JwtMaker p256 = JwtMaker::p256();
    JwtMaker ed25519 = JwtMaker::ed25519();
    KeySet keys = KeySet::parse(key_set_of({rsa.jwk(R"("kid":"r")"), p256.jwk(R"("kid":"e")"),
                                            ed25519.jwk(R"("kid":"o")")}))
                      .value();

    Verdict judge(const std::string& token) const { return judge_jwt(token, keys, rules, now); }
    bool refuses(const std::string& token, Refusal why) const {
        const auto verdict = judge(token);
        BOOST_TEST_INFO((verdict ? "accepted" : reason_of(verdict.error())));
        return !verdict && verdict.error() == why;
    }
};

const Provider& provider() {
    static const Provider made;
    return made;
}

std::string header(const std::string& members) { return "{" + members + "}"; }

/// A token of the right key, whose header has these members.
std::string with_header(const std::string& members) {
    return provider().ed25519.token("EdDSA", header(members), claims);
}

/// Another signature for what a token says.
std::string with_signature(const std::string& token, const std::string& signature) {
    return token.substr(0, token.rfind('.') + 1) + to_base64url(signature);
}

std::string signature_in(const std::string& token) {
    return from_base64url(token.substr(token.rfind('.') + 1)).value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(access_jwt)

BOOST_AUTO_TEST_CASE(tokens_of_each_algorithm) {
    const Provider& by = provider();
    for (const auto& token :
         {by.rsa.token_of("RS256", "r", claims), by.rsa.token_of("PS256", "r", claims),
          by.p256.token_of("ES256", "e", claims), by.ed25519.token_of("EdDSA", "o", claims),
          by.rsa.token_of("RS256", "", claims), by.rsa.token_of("PS256", "", claims),
          by.p256.token_of("ES256", "", claims), by.ed25519.token_of("EdDSA", "", claims)}) {
        const auto identity = by.judge(token);
        BOOST_REQUIRE(identity.has_value());
        BOOST_TEST(identity->name == "ann");
        BOOST_TEST((identity->roles == Roles{"clerk"}));
    }
}

BOOST_AUTO_TEST_CASE(rotated_keys) {
    const JwtMaker next = JwtMaker::ed25519();
    const auto token = next.token_of("EdDSA", "next", claims);
    BOOST_TEST(provider().refuses(token, Refusal::key));
    const auto both = KeySet::parse(
        key_set_of({provider().ed25519.jwk(R"("kid":"o")"), next.jwk(R"("kid":"next")")}));
    const auto former = provider().ed25519.token_of("EdDSA", "o", claims);
    BOOST_TEST(judge_jwt(token, *both, rules, now).has_value());
    BOOST_TEST(judge_jwt(former, *both, rules, now).has_value());
    const auto one = KeySet::parse(key_set_of({next.jwk(R"("kid":"next")")}));
    BOOST_TEST((judge_jwt(former, *one, rules, now).error() == Refusal::key));
}

BOOST_AUTO_TEST_CASE(no_algorithm_and_no_signature) {
    for (const std::string name : {"none", "None", "NONE", "nOnE", "", " none"}) {
        const auto message =
            to_base64url(header(R"("alg":")" + name + '"')) + '.' + to_base64url(claims);
        BOOST_TEST(provider().refuses(message + '.', Refusal::algorithm));
        BOOST_TEST(provider().refuses(message + ".AA", Refusal::algorithm));
    }
    const auto token = provider().ed25519.token_of("EdDSA", "o", claims);
    BOOST_TEST(provider().refuses(with_signature(token, ""), Refusal::signature));
}

// The public key as the secret of an HMAC, in every form in which an attacker has it.
BOOST_AUTO_TEST_CASE(hmac_by_the_public_key) {
    const Provider& by = provider();
    for (const std::string& secret :
         {by.rsa.pem(), by.rsa.jwk(), by.ed25519.pem(), std::string()}) {
        for (const std::string kid : {"r", "e", "o"}) {
            BOOST_TEST(by.refuses(
                hmac_token(header(R"("alg":"HS256","kid":")" + kid + '"'), claims, secret),
                Refusal::algorithm));
            // It says that it is another algorithm.
            BOOST_TEST(by.refuses(hmac_token(header(R"("alg":"RS256","kid":"r")"), claims, secret),
                                  Refusal::signature));
        }
    }
}

BOOST_AUTO_TEST_CASE(algorithms_that_are_not_taken) {
    const Provider& by = provider();
    BOOST_TEST(by.refuses(by.rsa.token_of("RS512", "r", claims), Refusal::algorithm));
    BOOST_TEST(by.refuses(JwtMaker::p384().token_of("ES384", "e", claims), Refusal::algorithm));
    for (const std::string name :
         {"rs256", "RS256 ", "Rs256", "EDDSA", "Ed25519", "ES256K", "HS512"}) {
        BOOST_TEST(
            by.refuses(with_header(R"("kid":"o","alg":")" + name + '"'), Refusal::algorithm));
    }
    for (const std::string value : {"null", "7", R"(["EdDSA"])", R"({"a":"EdDSA"})"}) {
        BOOST_TEST(by.refuses(with_header(R"("kid":"o","alg":)" + value), Refusal::malformed),
                   value);
    }
    BOOST_TEST(by.refuses(with_header(R"("kid":"o")"), Refusal::malformed));
}

BOOST_AUTO_TEST_CASE(an_algorithm_is_bound_to_its_key) {
    const Provider& by = provider();
    // A key of another type than the header says.
    BOOST_TEST(by.refuses(by.p256.token_of("ES256", "r", claims), Refusal::algorithm));
    BOOST_TEST(by.refuses(by.rsa.token_of("RS256", "o", claims), Refusal::algorithm));
    // Signed with one, and the header names the other.
    const auto pss = by.rsa.token("PS256", header(R"("alg":"RS256","kid":"r")"), claims);
    BOOST_TEST(by.refuses(pss, Refusal::signature));
    // A key that says for what it is.
    const auto keys = KeySet::parse(key_set_of({by.rsa.jwk(R"("kid":"r","alg":"PS256")")}));
    BOOST_TEST(judge_jwt(by.rsa.token_of("PS256", "r", claims), *keys, rules, now).has_value());
    BOOST_TEST((judge_jwt(by.rsa.token_of("RS256", "r", claims), *keys, rules, now).error() ==
                Refusal::algorithm));
    BOOST_TEST((judge_jwt(by.rsa.token_of("RS256", "", claims), *keys, rules, now).error() ==
                Refusal::key));
}

BOOST_AUTO_TEST_CASE(a_key_that_the_token_brings_is_not_looked_at) {
    const JwtMaker own = JwtMaker::ed25519();
    for (const std::string& member :
         {R"("jwk":)" + own.jwk(), std::string(R"("jku":"https://evil.example/keys.json")"),
          std::string(R"("jku":"file:///etc/passwd")"),
          std::string(R"("x5u":"http://169.254.169.254/")"), std::string(R"("x5c":["MIIB"])")}) {
        for (const std::string kid : {R"("kid":"o",)", R"("kid":"evil",)", ""}) {
            const auto token =
                own.token("EdDSA", header(R"("alg":"EdDSA",)" + kid + member), claims);
            BOOST_TEST(!provider().judge(token).has_value());
        }
        // With a signature of ours such a member changes nothing.
        BOOST_TEST(provider().judge(with_header(R"("alg":"EdDSA",)" + member)).has_value());
    }
}

BOOST_AUTO_TEST_CASE(names_of_keys_lead_nowhere) {
    for (const std::string kid :
         {"../../dev/null", "' OR 1=1 --", "o\\u0000", "/etc/larder/keys.json"}) {
        BOOST_TEST(
            !provider().judge(with_header(R"("alg":"EdDSA","kid":")" + kid + '"')).has_value());
    }
    BOOST_TEST(provider().refuses(with_header(R"("alg":"EdDSA","kid":7)"), Refusal::malformed));
    BOOST_TEST(provider().refuses(with_header(R"("alg":"EdDSA","kid":"")"), Refusal::key));
}

BOOST_AUTO_TEST_CASE(tokens_for_another_purpose) {
    for (const std::string type :
         {"JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/jwt"}) {
        BOOST_TEST(
            provider().judge(with_header(R"("alg":"EdDSA","typ":")" + type + '"')).has_value(),
            type);
    }
    for (const std::string type :
         {"dpop+jwt", "logout+jwt", "secevent+jwt", "JOSE", "", "id_token"}) {
        BOOST_TEST(
            provider().refuses(with_header(R"("alg":"EdDSA","typ":")" + type + '"'), Refusal::type),
            type);
    }
    BOOST_TEST(provider().refuses(with_header(R"("alg":"EdDSA","typ":null)"), Refusal::malformed));
}

BOOST_AUTO_TEST_CASE(extensions_are_refused) {
    for (const std::string value : {R"(["b64"])", R"(["exp"])", "[]", "null"}) {
        BOOST_TEST(
            provider().refuses(with_header(R"("alg":"EdDSA","b64":false,"exp":1,"crit":)" + value),
                               Refusal::critical));
    }
}

BOOST_AUTO_TEST_CASE(no_member_of_the_header_appears_twice) {
    for (const std::string members :
         {R"("alg":"none","alg":"EdDSA")", R"("alg":"EdDSA","\u0061lg":"EdDSA")",
          R"("alg":"EdDSA","kid":"x","kid":"o")", R"("alg":"EdDSA","x":{"y":1,"y":1})"}) {
        BOOST_TEST(provider().refuses(with_header(members), Refusal::malformed), members);
    }
}

BOOST_AUTO_TEST_CASE(sizes_have_bounds) {
    const std::string filler(1900, 'x');
    BOOST_TEST(provider().judge(with_header(R"("alg":"EdDSA","x":")" + filler + '"')).has_value());
    BOOST_TEST(provider().refuses(with_header(R"("alg":"EdDSA","x":")" + filler + filler + '"'),
                                  Refusal::malformed));
    const auto large = [&](std::size_t size) {
        std::string text = claims;
        text.insert(1, R"("x":")" + std::string(size, 'x') + R"(",)");
        return provider().ed25519.token_of("EdDSA", "o", text);
    };
    BOOST_TEST(provider().judge(large(5500)).has_value());
    const auto token = large(6100);
    BOOST_TEST(token.size() > longest_jwt);
    BOOST_TEST(provider().refuses(token, Refusal::malformed));
}

BOOST_AUTO_TEST_CASE(other_forms_are_malformed) {
    const auto token = provider().ed25519.token_of("EdDSA", "o", claims);
    const auto dot = token.find('.');
    for (const std::string& text :
         {std::string(), std::string("."), std::string(".."), std::string("..."), token + '.',
          token + ".AA.AA", '.' + token, token.substr(0, dot), token.substr(0, token.rfind('.')),
          token + '=', token + "==", token + ' ', ' ' + token, token + '\n', token + '\0',
          token.substr(0, dot) + "=" + token.substr(dot),
          token.substr(0, 5) + '+' + token.substr(6),
          std::string(R"({"payload":"","signatures":[]})"), "Bearer " + token}) {
        BOOST_TEST(provider().refuses(text, Refusal::malformed), text);
    }
    for (const std::string text : {"[]", "{", "null", "\"x\"", "\xEF\xBB\xBF{}"}) {
        BOOST_TEST(provider().refuses(provider().ed25519.token("EdDSA", text, claims),
                                      Refusal::malformed));
    }
}

// A second text for the same signature would be a token that nobody has made.
BOOST_AUTO_TEST_CASE(a_signature_has_one_text) {
    const auto token = provider().ed25519.token_of("EdDSA", "o", claims);
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    int accepted = 0;
    for (const char c : alphabet) {
        const auto other = token.substr(0, token.size() - 1) + c;
        accepted += provider().judge(other).has_value() ? 1 : 0;
    }
    BOOST_TEST(accepted == 1);
}

BOOST_AUTO_TEST_CASE(signatures_of_ecdsa_that_are_none) {
    const auto token = provider().p256.token_of("ES256", "e", claims);
    const std::string raw = signature_in(token);
    BOOST_REQUIRE(raw.size() == 64U);
    const std::string zeros(32, '\0');
    // The order of P-256 (FIPS 186-4, D.1.2.3): 0 and numbers from it on are out of range.
    const std::string order = from_base64url("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE").value();
    for (const std::string& signature :
         {std::string(64, '\0'), zeros + raw.substr(32), raw.substr(0, 32) + zeros, order + order,
          raw.substr(0, 32) + order, order + raw.substr(32), std::string(64, '\xFF'),
          raw.substr(0, 63), raw + '\0', raw.substr(0, 32), raw + raw, "\x30\x44\x02\x20" + raw}) {
        BOOST_TEST(provider().refuses(with_signature(token, signature), Refusal::signature));
    }
}

BOOST_AUTO_TEST_CASE(signatures_of_rsa_that_are_none) {
    const auto token = provider().rsa.token_of("RS256", "r", claims);
    const std::string raw = signature_in(token);
    for (const std::string& signature :
         {std::string(256, '\0'), std::string(255, '\0') + '\x01', std::string(256, '\xFF'),
          raw.substr(1), raw + '\0', '\0' + raw, std::string()}) {
        BOOST_TEST(provider().refuses(with_signature(token, signature), Refusal::signature));
    }
}

// S plus the order of the group is the same to a careless verifier (RFC 8032, section 5.1.7).
BOOST_AUTO_TEST_CASE(a_malleable_signature_of_ed25519) {
    const auto token = provider().ed25519.token_of("EdDSA", "o", claims);
    std::string raw = signature_in(token);
    const std::string order = from_base64url("7dP1XBpjEljWnPei3vneFAAAAAAAAAAAAAAAAAAAABA").value();
    unsigned carry = 0;
    for (std::size_t at = 0; at < 32; ++at) {
        carry += static_cast<unsigned char>(raw[32 + at]) + static_cast<unsigned char>(order[at]);
        raw[32 + at] = static_cast<char>(carry & 255U);
        carry >>= 8U;
    }
    BOOST_TEST(provider().refuses(with_signature(token, raw), Refusal::signature));
    BOOST_TEST(
        provider().refuses(with_signature(token, std::string(64, '\0')), Refusal::signature));
}

BOOST_AUTO_TEST_CASE(claims_are_judged_after_the_signature) {
    const Provider& by = provider();
    const auto judged = [&](std::string text) {
        return by.judge(by.ed25519.token_of("EdDSA", "o", text));
    };
    BOOST_TEST((judged(R"({"iss":"https://other.example"})").error() == Refusal::issuer));
    BOOST_TEST((judged("no JSON").error() == Refusal::malformed));
    const auto token = by.ed25519.token_of("EdDSA", "o", "no JSON");
    BOOST_TEST(by.refuses(with_signature(token, std::string(64, 'x')), Refusal::signature));
    BOOST_TEST(
        (judge_jwt(by.ed25519.token_of("EdDSA", "o", claims), by.keys, rules, now + 360).error() ==
         Refusal::expired));
}

BOOST_AUTO_TEST_SUITE_END()
