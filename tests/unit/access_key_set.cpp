#include "access/key_set.hpp"

#include <sys/stat.h>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/jwt_maker.hpp"
#include "temporary_directory.hpp"

using namespace larder::access;
using larder::TemporaryDirectory;
using larder::test::JwtMaker;
using larder::test::key_set_of;
namespace fs = std::filesystem;

namespace {

const JwtMaker& rsa() {
    static const JwtMaker maker = JwtMaker::rsa();
    return maker;
}
const JwtMaker& p256() {
    static const JwtMaker maker = JwtMaker::p256();
    return maker;
}
const JwtMaker& ed25519() {
    static const JwtMaker maker = JwtMaker::ed25519();
    return maker;
}

std::string refusal_of(const std::string& text) {
    const auto keys = KeySet::parse(text);
    return keys ? "" : keys.error();
}

/// Beside a key that can be used.
std::string left_out_of(const std::string& key) {
    const auto keys = KeySet::parse(key_set_of({ed25519().jwk(R"("kid":"good")"), key}));
    if (!keys) return "refused: " + keys.error();
    return keys->left_out().empty() ? "" : keys->left_out().front();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(access_key_set)

BOOST_AUTO_TEST_CASE(keys_of_all_three_types) {
    const auto keys =
        KeySet::parse(key_set_of({rsa().jwk(R"("kid":"r","use":"sig","alg":"PS256")"),
                                  p256().jwk(R"("kid":"e","key_ops":["sign","verify"])"),
                                  ed25519().jwk(R"("kid":"o","x5c":["…"],"unknown":{"a":[1]})")}));
    BOOST_REQUIRE(keys.has_value());
    BOOST_TEST(keys->left_out().empty());
    BOOST_REQUIRE(keys->keys().size() == 3U);
    BOOST_TEST((keys->keys()[0].key.type() == PublicKey::Type::rsa));
    BOOST_TEST(keys->keys()[0].key.bits() == 2048);
    BOOST_TEST((keys->keys()[0].only == Algorithm::ps256));
    BOOST_TEST((keys->keys()[1].key.type() == PublicKey::Type::p256));
    BOOST_TEST((keys->keys()[2].key.type() == PublicKey::Type::ed25519));
    BOOST_TEST(keys->keys()[2].id.value() == "o");
    BOOST_TEST(!keys->keys()[2].only.has_value());
}

BOOST_AUTO_TEST_CASE(a_token_finds_its_keys) {
    const auto keys = KeySet::parse(
        key_set_of({rsa().jwk(R"("kid":"r")"), rsa().jwk(R"("kid":"p","alg":"PS256")"),
                    p256().jwk(R"("kid":"r")"), ed25519().jwk()}));
    BOOST_REQUIRE(keys.has_value());
    BOOST_TEST(keys->find("r", Algorithm::rs256).size() == 1U);
    BOOST_TEST(keys->find("r", Algorithm::es256).size() == 1U);
    BOOST_TEST(keys->find("p", Algorithm::ps256).size() == 1U);
    BOOST_TEST(keys->find("p", Algorithm::rs256).empty());
    BOOST_TEST(keys->find("none", Algorithm::rs256).empty());
    BOOST_TEST(keys->find(std::nullopt, Algorithm::ps256).size() == 2U);
    BOOST_TEST(keys->find(std::nullopt, Algorithm::eddsa).size() == 1U);
    // A key without an id is not the one that a token names.
    BOOST_TEST(keys->find("", Algorithm::eddsa).empty());
    BOOST_TEST(keys->has("p"));
    BOOST_TEST(!keys->has("none"));
}

BOOST_AUTO_TEST_CASE(a_token_without_kid_is_not_tried_with_many_keys) {
    const std::string key = ed25519().jwk();
    const auto keys = KeySet::parse(key_set_of({key, key, key, key, key}));
    BOOST_REQUIRE(keys.has_value());
    BOOST_TEST(keys->find(std::nullopt, Algorithm::eddsa).empty());
}

BOOST_AUTO_TEST_CASE(keys_for_something_else_are_left_out) {
    BOOST_TEST(left_out_of(ed25519().jwk()).empty());
    BOOST_TEST(left_out_of(rsa().jwk(R"("kid":"x","use":"enc")")) ==
               "key 2 (x): its use is not sig");
    BOOST_TEST(left_out_of(rsa().jwk(R"("key_ops":["sign"])")) == "key 2: its key_ops lack verify");
    for (const std::string name :
         {"RS512", "HS256", "none", "ES256", "EdDSA", "RSA-OAEP", "rs256"}) {
        BOOST_TEST(left_out_of(rsa().jwk(R"("alg":")" + name + '"')) ==
                   "key 2: its alg is not one of this key");
    }
    BOOST_TEST(left_out_of(p256().jwk(R"("alg":"ES384")")).ends_with("alg is not one of this key"));
    BOOST_TEST(left_out_of(JwtMaker::p384().jwk()) == "key 2: a key of the type EC P-384");
    BOOST_TEST(left_out_of(R"({"kty":"OKP","crv":"X25519","x":"AA"})").contains("OKP X25519"));
    BOOST_TEST(left_out_of(R"({"kty":"new\u001b[2J"})") == "key 2: a key of the type new?[2J ");
    BOOST_TEST(left_out_of(JwtMaker::rsa(1024).jwk()).contains("RSA key of 1024 bits"));
    BOOST_TEST(left_out_of(JwtMaker::rsa(2040).jwk()).contains("RSA key of 2040 bits"));
}

BOOST_AUTO_TEST_CASE(what_is_no_key_is_left_out) {
    const std::string n = rsa().jwk().substr(0, rsa().jwk().find(R"(,"e":)"));
    for (const std::string e : {"AQ", "Ag", "AQABAQABAQABAQAB", "AAAA"}) {
        BOOST_TEST(left_out_of(n + R"(,"e":")" + e + R"("})").contains("key 2: "), e);
    }
    const std::string even =
        R"({"kty":"RSA","e":"AQAB","n":")" + std::string(341, 'w') + "A" + "\"}";
    BOOST_TEST(left_out_of(even).contains("an even RSA modulus"));
    const std::string zeros(43, 'A');
    BOOST_TEST(left_out_of(R"({"kty":"EC","crv":"P-256","x":")" + zeros + R"(","y":")" + zeros +
                           "\"}") == "key 2: no point of P-256");
    BOOST_TEST(left_out_of(R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})").contains("32 bytes"));
    BOOST_TEST(left_out_of(R"({"kty":"OKP","crv":"Ed25519","x":"AA"})").contains("32 bytes"));
    BOOST_TEST(left_out_of(R"({"kty":"RSA","e":"AQAB","n":")" + std::string(1500, 'B') + "\"}")
                   .contains("over 8192 bits"));
}

// A file that holds a secret was not meant for this.
BOOST_AUTO_TEST_CASE(secrets_make_the_file_refused) {
    for (const std::string member : {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}) {
        const auto why =
            refusal_of(key_set_of({ed25519().jwk(R"("kid":"s",")" + member + R"(":"c2VjcmV0")")}));
        BOOST_TEST(why == "key 1 (s): it is a private or a symmetric key");
    }
    BOOST_TEST(refusal_of(key_set_of({ed25519().jwk(), R"({"kty":"oct","k":"c2VjcmV0"})"}))
                   .contains("symmetric"));
}

BOOST_AUTO_TEST_CASE(what_is_no_key_set_is_refused) {
    BOOST_TEST(refusal_of("").contains("not JSON"));
    BOOST_TEST(refusal_of("-----BEGIN PUBLIC KEY-----").starts_with("it is not JSON"));
    BOOST_TEST(refusal_of("[]").contains("no JWK Set"));
    BOOST_TEST(refusal_of(ed25519().jwk()).contains("no JWK Set"));
    BOOST_TEST(refusal_of(R"({"keys":{}})").contains("no JWK Set"));
    BOOST_TEST(refusal_of(R"({"keys":[]})") == "it has no key that can be used");
    BOOST_TEST(refusal_of(R"({"keys":[],"keys":[]})").contains("appears twice"));
    BOOST_TEST(refusal_of(R"({"a\nb":1,"a\nb":2})") ==
               "The key 'a?b' appears twice in one object.");
    BOOST_TEST(refusal_of(R"({"keys":[7]})") == "key 1: it is no object");
    BOOST_TEST(refusal_of(R"({"keys":[{}]})") == "key 1: it lacks kty");
    BOOST_TEST(refusal_of(R"({"keys":[{"kty":7}]})") == "key 1: kty is no string");
    BOOST_TEST(refusal_of(R"({"keys":[{"kty":"RSA","n":"AA"}]})") == "key 1: it lacks e");
    BOOST_TEST(refusal_of(R"({"keys":[{"kty":"RSA","n":"A A","e":"AQAB"}]})") ==
               "key 1: n is no base64url");
    BOOST_TEST(refusal_of(key_set_of({rsa().jwk(R"("use":"enc")")})) ==
               "it has no key that can be used; key 1: its use is not sig");
    std::string many = R"({"keys":[)";
    for (int i = 0; i < 65; ++i) many += ed25519().jwk() + ',';
    many.back() = ']';
    BOOST_TEST(refusal_of(many + '}') == "it has over 64 keys");
}

BOOST_AUTO_TEST_CASE(a_file_is_read_and_its_change_is_seen) {
    const TemporaryDirectory directory;
    const fs::path path = directory.path() / "keys.json";
    BOOST_TEST(!stamp_of(path).has_value());
    BOOST_TEST(read_key_file(path).keys.error().contains("No such file"));
    const auto write = [&](const std::string& text) {
        std::ofstream(path.string() + ".new") << text;
        fs::rename(path.string() + ".new", path);
    };
    write(key_set_of({ed25519().jwk(R"("kid":"a")")}));
    const KeyFile first = read_key_file(path);
    BOOST_REQUIRE(first.keys.has_value());
    BOOST_TEST((first.stamp == stamp_of(path)));
    write(key_set_of({ed25519().jwk(R"("kid":"b")")}));
    BOOST_TEST((first.stamp != stamp_of(path)));
    BOOST_TEST(read_key_file(path).keys->has("b"));

    write("{");
    BOOST_TEST(read_key_file(path).keys.error().starts_with(path.string() + ": it is not JSON"));
    write(std::string(KeySet::most_bytes + 1, ' '));
    BOOST_TEST(read_key_file(path).keys.error().ends_with("it is over 1 MiB"));
    BOOST_TEST(read_key_file(directory.path()).keys.error().ends_with("it is no file"));
    // A pipe must not hold up its reader.
    const auto pipe = directory.path() / "pipe";
    BOOST_REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    BOOST_TEST(read_key_file(pipe).keys.error().ends_with("it is no file"));
}

BOOST_AUTO_TEST_SUITE_END()
