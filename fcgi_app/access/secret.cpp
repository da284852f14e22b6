#include "access/secret.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

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
