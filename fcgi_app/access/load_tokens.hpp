#pragma once

#include <string>

#include "access/generation.hpp"
#include "access/token_table.hpp"
#include "error.hpp"
#include "store/session.hpp"

namespace larder::access {

/// All own tokens, as one SELECT has read them.
struct LoadedTokens {
    /// The generation that was the present one before the look at the lock.
    std::string generation = {};

    /// Whether the table is right for as long as that generation is the present one. Otherwise it
    /// is right only for requests that came before `load_tokens` was called.
    bool may_keep = false;

    TokenTable table = {};
};

/// Reads the link, then looks whether a transaction is about to make verdicts wrong, then reads the
/// tokens, in this order (ARCHITECTURE.md, "Access"). Fails as Session::read does. For the thread
/// of the session.
Expected<LoadedTokens> load_tokens(Session& session, const Generation& generation);

}  // namespace larder::access
