#include "access/secret.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <new>

#include "base64url.hpp"

namespace larder::access {

namespace {

constexpr std::size_t random_bytes = 32;

}  // namespace

Hash sha256(std::string_view bytes) {
    Hash hash{};
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), hash.data());
    return hash;
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) {
        throw std::bad_alloc();
    }
}

void Sha256::add(std::string_view bytes) {
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
}

Hash Sha256::end() {
    Hash hash{};
    EVP_DigestFinal_ex(context_.get(), hash.data(), nullptr);
    return hash;
}

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

std::string to_hex(const Hash& hash) { return fmt::format("{:02x}", fmt::join(hash, "")); }

std::expected<std::string, std::string> make_token() {
    std::string bytes(random_bytes, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), random_bytes) != 1) {
        return std::unexpected("the system has no random bytes");
    }
    std::string text = to_base64url(bytes);
    std::string token(token_prefix);
    token += text;
    wipe(bytes);
    wipe(text);
    return token;
}

bool is_own_token(std::string_view text) {
    return text.size() == token_length && text.starts_with(token_prefix) &&
           has_base64url_characters(text.substr(token_prefix.size()));
}

void wipe(std::string& secret) {
    OPENSSL_cleanse(secret.data(), secret.size());
    secret.clear();
}

}  // namespace larder::access
