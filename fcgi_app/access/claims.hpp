#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "access/identity.hpp"

namespace larder::access {

/// What a JWT has to say, besides that its signature holds. Both texts have to be given: a JWT that
/// was made for another server, or by another issuer with the same keys, must not be taken (RFC
/// 8725, sections 3.8 and 3.9).
struct JwtRules {
    std::string issuer = {};           ///< AUTH_ISSUER; `iss` is this, byte by byte
    std::string audience = {};         ///< AUTH_AUDIENCE; `aud` is this or has it
    std::string role_claim = "roles";  ///< AUTH_ROLE_CLAIM
};

inline constexpr std::int64_t clock_skew = 60;  ///< seconds, for `exp` and `nbf`

/// Judges the claims of a JWT whose signature holds (RFC 7519, section 4.1), at a time in seconds
/// since the epoch:
///
/// - `exp` has to be there, for Larder cannot revoke a JWT. `nbf` need not. Both are seconds, with
/// a
///   fraction or without. No exponent.
/// - `iss` and `aud` have to be there and fit. With empty rules none does.
/// - `sub` has to be there, and not empty.
/// - The roles are in the claim of the rules: an array of texts, or one text with spaces between
///   them, as `scope` has it. A claim with exactly this name comes first; else a dot leads into an
///   object (`realm_access.roles`). What is no role (is_role) is left out; without the claim, or
///   with null, there are none. Another type is malformed.
/// - No member appears twice, at any level.
///
/// Pure; any thread.
Verdict judge_claims(std::string_view text, const JwtRules& rules, std::int64_t now);

}  // namespace larder::access
