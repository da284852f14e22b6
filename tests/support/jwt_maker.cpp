#include "jwt_maker.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <stdexcept>
#include <vector>

#include "base64url.hpp"

namespace larder::test {

namespace {

void must(bool holds) {
    if (!holds) throw std::runtime_error("libcrypto has refused");
}

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

/// ECDSA gives DER, and a JWT has the two numbers.
std::string numbers_in(const std::vector<unsigned char>& der, int size) {
    const unsigned char* in = der.data();
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> signature(
        d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(der.size())), ECDSA_SIG_free);
    must(signature != nullptr);
    std::string raw(static_cast<std::size_t>(2 * size), '\0');
    auto* out = reinterpret_cast<unsigned char*>(raw.data());
    must(BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out, size) == size);
    must(BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out + size, size) == size);
    return raw;
}

std::string joined(std::string_view header, std::string_view claims) {
    return to_base64url(header) + '.' + to_base64url(claims);
}

}  // namespace

void JwtMaker::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

JwtMaker::JwtMaker(evp_pkey_st* key) : key_(key) { must(key != nullptr); }

JwtMaker JwtMaker::rsa(unsigned bits) { return JwtMaker(EVP_RSA_gen(bits)); }
JwtMaker JwtMaker::p256() { return JwtMaker(EVP_EC_gen("P-256")); }
JwtMaker JwtMaker::p384() { return JwtMaker(EVP_EC_gen("P-384")); }
JwtMaker JwtMaker::ed25519() { return JwtMaker(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }

/// A number of the public key in base64url, `size` bytes long; 0: as long as it is.
std::string JwtMaker::number(const char* parameter, std::size_t size) const {
    BIGNUM* value = nullptr;
    must(EVP_PKEY_get_bn_param(key_.get(), parameter, &value) == 1);
    if (size == 0) size = static_cast<std::size_t>(BN_num_bytes(value));
    std::string bytes(size, '\0');
    BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size));
    BN_free(value);
    return '"' + to_base64url(bytes) + '"';
}

std::string JwtMaker::jwk(std::string_view members) const {
    std::string text = "{";
    text.append(members).append(members.empty() ? "" : ",");
    if (EVP_PKEY_is_a(key_.get(), "RSA") == 1) {
        return text + R"("kty":"RSA","n":)" + number(OSSL_PKEY_PARAM_RSA_N, 0) + R"(,"e":)" +
               number(OSSL_PKEY_PARAM_RSA_E, 0) + '}';
    }
    if (EVP_PKEY_is_a(key_.get(), "EC") == 1) {
        const bool is_small = EVP_PKEY_get_bits(key_.get()) == 256;
        const std::size_t size = is_small ? 32 : 48;
        return text + R"("kty":"EC","crv":")" + (is_small ? "P-256" : "P-384") + R"(","x":)" +
               number(OSSL_PKEY_PARAM_EC_PUB_X, size) + R"(,"y":)" +
               number(OSSL_PKEY_PARAM_EC_PUB_Y, size) + '}';
    }
    std::array<unsigned char, 32> raw{};
    std::size_t size = raw.size();
    must(EVP_PKEY_get_raw_public_key(key_.get(), raw.data(), &size) == 1);
    return text + R"("kty":"OKP","crv":"Ed25519","x":")" +
           to_base64url({reinterpret_cast<const char*>(raw.data()), size}) + "\"}";
}

std::string JwtMaker::pem() const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
    must(memory != nullptr && PEM_write_bio_PUBKEY(memory.get(), key_.get()) == 1);
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

std::string JwtMaker::sign(std::string_view algorithm, std::string_view message) const {
    const EVP_MD* digest = EVP_sha256();
    if (algorithm == "EdDSA") digest = nullptr;
    if (algorithm == "RS512") digest = EVP_sha512();
    if (algorithm == "ES384") digest = EVP_sha384();
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    EVP_PKEY_CTX* parameters = nullptr;
    must(EVP_DigestSignInit(context.get(), &parameters, digest, nullptr, key_.get()) == 1);
    if (algorithm == "PS256") {
        must(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1);
    }
    std::size_t size = 0;
    must(EVP_DigestSign(context.get(), nullptr, &size, bytes_of(message), message.size()) == 1);
    std::vector<unsigned char> signature(size);
    must(EVP_DigestSign(context.get(), signature.data(), &size, bytes_of(message),
                        message.size()) == 1);
    signature.resize(size);
    if (algorithm.starts_with("ES")) return numbers_in(signature, algorithm == "ES256" ? 32 : 48);
    return {reinterpret_cast<const char*>(signature.data()), size};
}

std::string JwtMaker::token(std::string_view algorithm, std::string_view header,
                            std::string_view claims) const {
    const std::string message = joined(header, claims);
    return message + '.' + to_base64url(sign(algorithm, message));
}

std::string JwtMaker::token_of(std::string_view algorithm, std::string_view kid,
                               std::string_view claims) const {
    std::string header = R"({"alg":")" + std::string(algorithm) + R"(","typ":"JWT")";
    if (!kid.empty()) header.append(R"(,"kid":")").append(kid).append("\"");
    return token(algorithm, header + '}', claims);
}

std::string key_set_of(std::initializer_list<std::string> keys) {
    std::string text = R"({"keys":[)";
    for (const std::string& key : keys) text += key + ',';
    if (text.ends_with(',')) text.pop_back();
    return text + "]}";
}

std::string hmac_token(std::string_view header, std::string_view claims, std::string_view secret) {
    const std::string message = joined(header, claims);
    std::array<unsigned char, 32> mac{};
    unsigned size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes_of(message),
         message.size(), mac.data(), &size);
    return message + '.' + to_base64url({reinterpret_cast<const char*>(mac.data()), size});
}

}  // namespace larder::test
