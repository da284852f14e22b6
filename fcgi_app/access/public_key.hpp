#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace larder::access {

/// How a JWT may be signed (RFC 7518, section 3.1; RFC 8037, section 3.1). There is no other.
enum class Algorithm { rs256, ps256, es256, eddsa };

/// By the name in `alg`; nothing for any other, `none` and `HS256` among them.
std::optional<Algorithm> algorithm_of(std::string_view name);
std::string_view name_of(Algorithm algorithm);

/// A public key that verifies signatures, by libcrypto. Owns the key. A key has one type for ever,
/// and verifies no algorithm of another type. `verify` may be called by several threads at once.
class PublicKey {
public:
    enum class Type { rsa, p256, ed25519 };

    static constexpr int least_rsa_bits = 2048;  ///< RFC 7518, section 3.3
    static constexpr int most_rsa_bits = 8192;   ///< a signature of a larger one takes too long

    /// From the parameters of a JWK, as big-endian bytes: modulus and exponent; the coordinates of
    /// a point of P-256, 32 bytes each; the 32 bytes of Ed25519. Fails, with what is wrong, where
    /// they are no key, or one that is too weak.
    static std::expected<PublicKey, std::string> rsa(std::string_view modulus,
                                                     std::string_view exponent);
    static std::expected<PublicKey, std::string> p256(std::string_view x, std::string_view y);
    static std::expected<PublicKey, std::string> ed25519(std::string_view x);

    Type type() const { return type_; }
    int bits() const;

    /// Whether it is a key for this algorithm.
    bool admits(Algorithm algorithm) const;

    /// Whether `signature`, in the form of RFC 7518 (ES256: both numbers of 32 bytes, not DER), is
    /// that of `message`. False for an algorithm that the key does not admit.
    bool verify(Algorithm algorithm, std::string_view message, std::string_view signature) const;

private:
    struct Free {
        void operator()(evp_pkey_st* key) const;
    };
    using Handle = std::unique_ptr<evp_pkey_st, Free>;

    PublicKey(Type type, Handle key) : type_(type), key_(std::move(key)) {}

    Type type_;
    Handle key_;
};

std::string_view name_of(PublicKey::Type type);

}  // namespace larder::access
