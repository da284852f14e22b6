// 100,000 random and mutated tokens: none is taken, and none does harm.
#include <boost/test/unit_test.hpp>

#include <random>
#include <string>
#include <vector>

#include "access/jwt.hpp"
#include "access/token_table.hpp"
#include "base64url.hpp"
#include "support/jwt_maker.hpp"

using namespace larder;
using namespace larder::access;
using namespace larder::test;

namespace {

constexpr std::int64_t now = 1'800'000'000;
const JwtRules rules{.issuer = "i", .audience = "larder"};
const std::string claims =
    R"({"iss":"i","aud":"larder","exp":1800000300,"sub":"ann","roles":["admin"]})";

/// What a request with this text is told: by its form it is for the table or for the keys.
struct Judge {
    TokenTable table;
    KeySet keys;
    Verdict operator()(const std::string& text) const {
        return is_own_token(text) ? table.judge(text, now) : judge_jwt(text, keys, rules, now);
    }
};

class Mutator {
public:
    explicit Mutator(unsigned seed) : random_(seed) {}

    std::size_t below(std::size_t bound) { return random_() % bound; }
    char character() {
        constexpr std::string_view likely =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.-_..=+/ \"";
        return below(20) == 0 ? static_cast<char>(random_()) : likely[below(likely.size())];
    }
    std::string noise() {
        std::string text(below(120), '\0');
        for (char& c : text) c = character();
        return text;
    }
    std::string mutated(std::string text) {
        for (std::size_t left = 1 + below(3); left > 0; --left) {
            const std::size_t at = below(text.size() + 1);
            switch (below(6)) {
                case 0: text.insert(at, 1, character()); break;
                case 1: text.erase(at, 1 + below(3)); break;
                case 2: text.append(text.substr(at)); break;
                case 3: text.insert(0, text.substr(at)); break;
                case 4: text.resize(at); break;
                default:
                    if (at < text.size()) text[at] = character();
            }
        }
        return text;
    }
    /// A change of what the header or the claims say, with the signature left as it is.
    std::string retold(const std::string& token) {
        const auto first = token.find('.');
        const auto second = token.find('.', first + 1);
        const bool in_header = below(2) == 0;
        const auto begin = in_header ? 0 : first + 1;
        const auto end = in_header ? first : second;
        const auto text = from_base64url(token.substr(begin, end - begin)).value();
        return token.substr(0, begin) + to_base64url(mutated(text)) + token.substr(end);
    }

private:
    std::mt19937 random_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(access_mutations)

BOOST_AUTO_TEST_CASE(random_and_mutated_tokens_are_refused) {
    const JwtMaker rsa = JwtMaker::rsa();
    const JwtMaker p256 = JwtMaker::p256();
    const JwtMaker ed25519 = JwtMaker::ed25519();
    const std::string own = make_token().value();
    Judge judge{.table = {},
                .keys = KeySet::parse(key_set_of({rsa.jwk(R"("kid":"r")"), p256.jwk(R"("kid":"e")"),
                                                  ed25519.jwk(R"("kid":"o")")}))
                            .value()};
    BOOST_REQUIRE(judge.table.add({"1", "ci", to_hex(hash_of(own)), "admin", std::nullopt}));
    judge.table.finish();
    const std::vector<std::string> valid = {
        own, rsa.token_of("RS256", "r", claims), rsa.token_of("PS256", "", claims),
        p256.token_of("ES256", "e", claims), ed25519.token_of("EdDSA", "o", claims)};
    for (const auto& token : valid) BOOST_REQUIRE(judge(token).has_value());

    Mutator mutator(14);
    int accepted = 0;
    for (int i = 0; i < 100'000; ++i) {
        const std::string& from = valid[mutator.below(valid.size())];
        std::string text = from;
        switch (mutator.below(4)) {
            case 0: text = mutator.noise(); break;
            case 1: text = from == own ? mutator.mutated(from) : mutator.retold(from); break;
            default: text = mutator.mutated(from);
        }
        // A signature stands under one text; nothing else may say the same.
        if (text != from && judge(text).has_value()) ++accepted;
    }
    BOOST_TEST(accepted == 0);
}

BOOST_AUTO_TEST_SUITE_END()
