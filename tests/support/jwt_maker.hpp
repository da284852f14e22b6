#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace larder::test {

/// A private key that signs JWTs, for tests: what an identity provider is. Made anew each time. It
/// shares no code with what is tested, base64url aside. Throws std::runtime_error where libcrypto
/// refuses. For one thread at a time.
class JwtMaker {
public:
    static JwtMaker rsa(unsigned bits = 2048);
    static JwtMaker p256();
    static JwtMaker p384();
    static JwtMaker ed25519();

    /// The public key as a JWK; `members`, such as `"kid":"a","alg":"RS256"`, go in front.
    std::string jwk(std::string_view members = {}) const;

    /// The public key as PEM.
    std::string pem() const;

    /// The signature of `message` in the form of RFC 7518, by the name of its algorithm: RS256,
    /// RS512, PS256, ES256, ES384, EdDSA.
    std::string sign(std::string_view algorithm, std::string_view message) const;

    /// A token with exactly this header and these claims.
    std::string token(std::string_view algorithm, std::string_view header,
                      std::string_view claims) const;

    /// A token whose header has the algorithm, and `kid` unless that is empty.
    std::string token_of(std::string_view algorithm, std::string_view kid,
                         std::string_view claims) const;

private:
    struct Free {
        void operator()(evp_pkey_st* key) const;
    };
    explicit JwtMaker(evp_pkey_st* key);
    std::string number(const char* parameter, std::size_t size) const;

    std::unique_ptr<evp_pkey_st, Free> key_;
};

/// A JWK Set of these keys.
std::string key_set_of(std::initializer_list<std::string> keys);

/// A token by HS256.
std::string hmac_token(std::string_view header, std::string_view claims, std::string_view secret);

}  // namespace larder::test
