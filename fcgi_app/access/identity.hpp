#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace larder::access {

/// Whether `text` can be the name of a role: 1 to 64 of A-Z a-z 0-9 . _ : / -, beginning with a
/// letter or a digit. `anyone` is none: in the rights of a description it stands for a request
/// without a token.
bool is_role(std::string_view text);

/// Roles, sorted by bytes and each once.
using Roles = std::vector<std::string>;

/// Sorts, and takes out what is there twice.
Roles roles_of(std::vector<std::string> names);

/// The roles among the words of a text; what is none gives no right.
Roles roles_in(std::string_view text, char separator);

/// The end of the year 9999, in seconds since the epoch: no token is valid after it.
inline constexpr std::int64_t latest_second = 253'402'300'799;

/// May everything.
inline constexpr std::string_view admin_role = "admin";

enum class IdentityKind {
    token,  ///< one of Larder's own (access/token_table.hpp)
    jwt,    ///< of an identity provider (access/jwt.hpp)
};

/// What a valid token stands for. A value; it holds no secret.
struct Identity {
    IdentityKind kind = IdentityKind::token;

    /// Stable and unique within its kind. Of an own token the number of its row, of a JWT 32 hex
    /// digits that depend on `iss` and `sub` alone: a client keeps it when its JWT is renewed.
    std::string id = {};

    /// For logs: 1 to 64 printable ASCII characters. Of an own token its name, which was chosen by
    /// the operator; of a JWT its `sub`, with `?` in place of other characters.
    std::string name = {};

    Roles roles = {};

    /// Seconds since the epoch from which on the token is no longer valid; none: it never expires.
    /// Of a JWT the clock skew that is allowed is in it.
    std::optional<std::int64_t> expires = std::nullopt;

    bool is_valid_at(std::int64_t seconds) const { return !expires || seconds < *expires; }

    bool operator==(const Identity&) const = default;
};

/// Why a token is refused. All are 401 with `error="invalid_token"`.
enum class Refusal {
    unknown,        ///< an own token that is not in the table: it never was one, or it was revoked
    malformed,      ///< neither an own token nor a JWT that can be read
    expired,        ///< `exp`, or the expiry of an own token
    too_early,      ///< `nbf`
    algorithm,      ///< `alg` is none of those that are accepted, or is not that of the key
    key,            ///< no key of the key file fits `kid` and `alg`
    signature,      ///< the signature does not hold
    type,           ///< `typ` says that it is no access token
    critical,       ///< `crit`: it asks for an extension
    issuer,         ///< `iss` is another one
    audience,       ///< `aud` does not name this server
    missing_claim,  ///< `exp` or `sub` is not there
};

/// The reason, for `error_description` (RFC 6750, section 3): without any part of the token, and
/// without characters that would need an escape.
std::string_view reason_of(Refusal refusal);

/// What a token stands for, or why it is refused.
using Verdict = std::expected<Identity, Refusal>;

}  // namespace larder::access
