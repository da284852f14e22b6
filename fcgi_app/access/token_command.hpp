#pragma once

#include <optional>
#include <string>
#include <vector>

#include "access/generation.hpp"
#include "settings.hpp"
#include "store/session.hpp"

namespace larder::access {

/// What `larder-token` is asked for. Each command prints its result to the standard output, as
/// lines or with `is_json` as JSON, and what else there is to say to the standard error. It gives
/// the exit status: 0, or 1 where something is wrong. For a program of one thread.

struct CreateOptions {
    std::string name = {};
    std::vector<std::string> roles = {};
    std::optional<std::string> expires = std::nullopt;  ///< none: never
    bool is_json = false;
};

/// Prints the token, once and nowhere else.
int run_create(Session& session, const Generation& generation, const CreateOptions& options);

struct ListOptions {
    bool with_revoked = false;
    bool is_json = false;
};
int run_list(Session& session, const ListOptions& options);

struct RevokeOptions {
    std::string name_or_id = {};
    bool is_json = false;
};

/// Has returned when the token is refused on this host.
int run_revoke(Session& session, const Generation& generation, const RevokeOptions& options);

/// Checks AUTH_JWKS, and has every process of this host read it before its next verdict. Prints the
/// keys that can be used. A file that cannot be used is told, and nothing is changed.
int run_reload_keys(const Settings& settings, const Generation& generation, bool is_json);

}  // namespace larder::access
