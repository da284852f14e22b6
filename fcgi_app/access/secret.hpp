#pragma once

#include <array>
#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace larder::access {

/// Larder's own tokens: `larder_` and 43 characters, the base64url of 32 random bytes. They are
/// shown once and kept nowhere; what is stored is their SHA-256. A slow hash has no use here: there
/// are 2^256 tokens to guess from.

inline constexpr std::string_view token_prefix = "larder_";
inline constexpr std::size_t token_length = 50;

/// SHA-256 (FIPS 180-4).
using Hash = std::array<unsigned char, 32>;
Hash sha256(std::string_view bytes);

/// The same of bytes that come in parts. Throws std::bad_alloc.
class Sha256 {
public:
    Sha256();
    void add(std::string_view bytes);
    /// To be called once, at the end.
    Hash end();

private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

/// In lower-case hex digits.
std::string to_hex(const Hash& hash);

/// A token that was never given out. Fails, with a message for the operator, where the system has
/// no random bytes. Any thread.
std::expected<std::string, std::string> make_token();

/// Whether `text` has the form of an own token. Pure; any thread.
bool is_own_token(std::string_view text);

/// What is stored of an own token.
inline Hash hash_of(std::string_view token) { return sha256(token); }

/// Overwrites a secret in memory.
void wipe(std::string& secret);

}  // namespace larder::access
