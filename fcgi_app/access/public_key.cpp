#include "access/public_key.hpp"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace larder::access {

namespace {

constexpr std::size_t coordinate_bytes = 32;  // of P-256
constexpr std::size_t ed25519_bytes = 32;
constexpr std::size_t ed25519_signature_bytes = 64;
constexpr std::size_t most_exponent_bytes = 8;

template <auto free>
struct Freed {
    template <class Pointer>
    void operator()(Pointer* pointer) const {
        free(pointer);
    }
};
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using ParameterBuilder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;

/// What libcrypto notes of errors of this thread is of no use to anybody and must not pile up.
class NoErrorsLeft {
public:
    NoErrorsLeft() = default;
    ~NoErrorsLeft() { ERR_clear_error(); }
    NoErrorsLeft(const NoErrorsLeft&) = delete;
    NoErrorsLeft& operator=(const NoErrorsLeft&) = delete;
};

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

Number number_of(std::string_view bytes) {
    return Number(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

/// A public key of these parameters; null: libcrypto takes them for none. Of a curve it sees to it
/// that the point is on it. Whether an RSA modulus is a product of two primes is not looked at:
/// that takes up to 120 ms, and who may write the key file may write any key.
EVP_PKEY* key_of(const char* type, OSSL_PARAM* parameters) {
    const Context making(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (parameters == nullptr || !making || EVP_PKEY_fromdata_init(making.get()) != 1 ||
        EVP_PKEY_fromdata(making.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
        return nullptr;
    }
    if (EVP_PKEY_is_a(key, "RSA") == 1) return key;
    const Context checking(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    if (checking && EVP_PKEY_public_check(checking.get()) == 1) return key;
    EVP_PKEY_free(key);
    return nullptr;
}

/// r and s as DER, which libcrypto takes.
std::vector<unsigned char> der_of(std::string_view signature) {
    if (signature.size() != 2 * coordinate_bytes) return {};
    const EcdsaSignature parts(ECDSA_SIG_new());
    Number r = number_of(signature.substr(0, coordinate_bytes));
    Number s = number_of(signature.substr(coordinate_bytes));
    if (!parts || !r || !s || ECDSA_SIG_set0(parts.get(), r.get(), s.get()) != 1) return {};
    std::ignore = r.release();
    std::ignore = s.release();
    const int size = i2d_ECDSA_SIG(parts.get(), nullptr);
    if (size <= 0) return {};
    std::vector<unsigned char> der(static_cast<std::size_t>(size));
    unsigned char* out = der.data();
    i2d_ECDSA_SIG(parts.get(), &out);
    return der;
}

/// PS256: MGF1 with the same digest, and a salt of its length (RFC 7518, section 3.5).
bool set_padding(EVP_PKEY_CTX* context, Algorithm algorithm) {
    if (algorithm == Algorithm::rs256) {
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
    }
    if (algorithm != Algorithm::ps256) return true;
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

bool is_signed(EVP_PKEY* key, Algorithm algorithm, std::string_view message,
               const unsigned char* signature, std::size_t length) {
    const DigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* parameters = nullptr;  // the digest's context owns it
    const EVP_MD* digest = algorithm == Algorithm::eddsa ? nullptr : EVP_sha256();
    return context && EVP_DigestVerifyInit(context.get(), &parameters, digest, nullptr, key) == 1 &&
           set_padding(parameters, algorithm) &&
           EVP_DigestVerify(context.get(), signature, length, bytes_of(message), message.size()) ==
               1;
}

struct NamedAlgorithm {
    std::string_view name;
    Algorithm algorithm;
    PublicKey::Type type;
};
constexpr std::array<NamedAlgorithm, 4> algorithms = {
    {{"RS256", Algorithm::rs256, PublicKey::Type::rsa},
     {"PS256", Algorithm::ps256, PublicKey::Type::rsa},
     {"ES256", Algorithm::es256, PublicKey::Type::p256},
     {"EdDSA", Algorithm::eddsa, PublicKey::Type::ed25519}}};

const NamedAlgorithm& row_of(Algorithm algorithm) {
    return algorithms.at(static_cast<std::size_t>(algorithm));
}

}  // namespace

std::optional<Algorithm> algorithm_of(std::string_view name) {
    const auto* found = std::ranges::find(algorithms, name, &NamedAlgorithm::name);
    if (found == algorithms.end()) return std::nullopt;
    return found->algorithm;
}

std::string_view name_of(Algorithm algorithm) { return row_of(algorithm).name; }

std::string_view name_of(PublicKey::Type type) {
    switch (type) {
        case PublicKey::Type::rsa: return "RSA";
        case PublicKey::Type::p256: return "P-256";
        case PublicKey::Type::ed25519: return "Ed25519";
    }
    return "";
}

void PublicKey::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

std::expected<PublicKey, std::string> PublicKey::rsa(std::string_view modulus,
                                                     std::string_view exponent) {
    const NoErrorsLeft guard;
    if (modulus.size() > most_rsa_bits / 8 || exponent.size() > most_exponent_bytes) {
        return std::unexpected(fmt::format(
            "an RSA key of over {} bits, or with a larger exponent than 64 bits", most_rsa_bits));
    }
    const Number n = number_of(modulus);
    const Number e = number_of(exponent);
    if (!n || !e) return std::unexpected("no memory");
    if (BN_num_bits(n.get()) < least_rsa_bits) {
        return std::unexpected(fmt::format("an RSA key of {} bits; {} are the least",
                                           BN_num_bits(n.get()), least_rsa_bits));
    }
    if (BN_num_bits(e.get()) < 2 || BN_is_odd(e.get()) == 0 || BN_is_odd(n.get()) == 0) {
        return std::unexpected("an even RSA modulus or exponent, or the exponent 1");
    }
    const ParameterBuilder builder(OSSL_PARAM_BLD_new());
    if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
        return std::unexpected("no memory");
    }
    const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
    Handle key(key_of("RSA", parameters.get()));
    if (!key) return std::unexpected("no RSA key");
    return PublicKey(Type::rsa, std::move(key));
}

std::expected<PublicKey, std::string> PublicKey::p256(std::string_view x, std::string_view y) {
    const NoErrorsLeft guard;
    if (x.size() != coordinate_bytes || y.size() != coordinate_bytes) {
        return std::unexpected("coordinates that are not of 32 bytes");
    }
    std::string point = "\x04";  // not compressed (SEC 1, section 2.3.3)
    point.append(x).append(y);
    std::string group = "P-256";
    const std::array<OSSL_PARAM, 3> parameters = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size()),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
        OSSL_PARAM_construct_end()};
    Handle key(key_of("EC", const_cast<OSSL_PARAM*>(parameters.data())));
    if (!key) return std::unexpected("no point of P-256");
    return PublicKey(Type::p256, std::move(key));
}

std::expected<PublicKey, std::string> PublicKey::ed25519(std::string_view x) {
    const NoErrorsLeft guard;
    if (x.size() != ed25519_bytes) return std::unexpected("an Ed25519 key that is not of 32 bytes");
    Handle key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(x), x.size()));
    if (!key) return std::unexpected("no Ed25519 key");
    return PublicKey(Type::ed25519, std::move(key));
}

int PublicKey::bits() const { return EVP_PKEY_get_bits(key_.get()); }

bool PublicKey::admits(Algorithm algorithm) const { return row_of(algorithm).type == type_; }

bool PublicKey::verify(Algorithm algorithm, std::string_view message,
                       std::string_view signature) const {
    const NoErrorsLeft guard;
    if (!admits(algorithm)) return false;
    switch (type_) {
        case Type::rsa:
            return signature.size() == static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())) &&
                   is_signed(key_.get(), algorithm, message, bytes_of(signature), signature.size());
        case Type::p256: {
            const auto der = der_of(signature);
            return !der.empty() &&
                   is_signed(key_.get(), algorithm, message, der.data(), der.size());
        }
        case Type::ed25519:
            return signature.size() == ed25519_signature_bytes &&
                   is_signed(key_.get(), algorithm, message, bytes_of(signature), signature.size());
    }
    return false;
}

}  // namespace larder::access
