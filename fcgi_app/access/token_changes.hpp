#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "access/generation.hpp"
#include "access/identity.hpp"
#include "access/secret.hpp"
#include "error.hpp"
#include "store/session.hpp"

namespace larder::access {

/// A row of larder.tokens. Times are of RFC 3339 in UTC, to the second.
struct TokenRow {
    std::int64_t id = 0;
    std::string name = {};
    Roles roles = {};
    std::string created = {};
    std::optional<std::string> expires = std::nullopt;
    std::optional<std::string> revoked = std::nullopt;
    std::optional<std::string> used = std::nullopt;  ///< last use, coarsely
    bool is_expired = false;
};

/// What a change of the tokens did to this host.
struct TokenChange {
    TokenRow token = {};
    bool is_new = true;       ///< false: the token had been revoked before
    bool has_swapped = true;  ///< false: there is no RUN_DIR, so no process of Larder runs here
};

/// These change the table in the order that makes no verdict stale (ARCHITECTURE.md, "Access"): the
/// change, the lock, the swap of this host's generation, COMMIT. When they return, each request
/// that begins from then on is judged by the changed table; on other hosts, as soon as their feed
/// has followed. On a failure nothing has changed; or the outcome of a COMMIT is unknown
/// (`is_outcome_unknown`), and then no verdict is stale either. For the thread of the session.

/// `conflict`: the name is taken by a token that was not revoked. `expires` is in seconds since the
/// epoch.
Expected<TokenChange> create_token(Session& session, const Generation& generation,
                                   const std::string& name, const Roles& roles,
                                   std::optional<std::int64_t> expires, const Hash& hash);

/// By the name of a token that was not revoked, or by the number of any. `not_found`: there is
/// none.
Expected<TokenChange> revoke_token(Session& session, const Generation& generation,
                                   const std::string& name_or_id);

/// By id; `with_revoked`: also those that were revoked.
Expected<std::vector<TokenRow>> list_tokens(Session& session, bool with_revoked);

}  // namespace larder::access
