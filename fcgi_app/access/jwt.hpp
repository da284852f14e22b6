#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "access/claims.hpp"
#include "access/identity.hpp"
#include "access/key_set.hpp"

namespace larder::access {

inline constexpr std::size_t longest_jwt = 8192;         ///< characters
inline constexpr std::size_t longest_jwt_header = 2048;  ///< bytes, decoded

/// Judges a JSON Web Token (RFC 7519) in the compact form of a signed one (RFC 7515, section 7.1),
/// at a time in seconds since the epoch. Of its header it takes `alg`, `kid`, `typ` and `crit`:
///
/// - `alg` is RS256, PS256, ES256 or EdDSA, and one of the key that verifies (RFC 8725,
/// sections 3.1
///   and 3.2).
/// - `kid` names the key. Keys come from `keys` and from nowhere else: `jku`, `x5u`, `jwk` and
/// `x5c`
///   are not looked at.
/// - `typ`, if it is there, is JWT or at+jwt (RFC 9068), so that no token made for another purpose
///   is taken (RFC 8725, section 3.11).
/// - `crit` is refused: Larder knows no extension.
///
/// Nothing but the header is read before the signature holds. Pure; any thread. It takes 25 µs
/// (RS256) to 110 µs (EdDSA) of CPU.
Verdict judge_jwt(std::string_view token, const KeySet& keys, const JwtRules& rules,
                  std::int64_t now);

}  // namespace larder::access
