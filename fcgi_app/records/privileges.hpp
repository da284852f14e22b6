#pragma once

#include <span>
#include <string>

#include "catalog/resource.hpp"
#include "error.hpp"
#include "store/session.hpp"

namespace larder {

/// The privileges that the descriptions, and with `has_tokens` (AUTH=on) the tokens, need and the
/// role of the session does not have, as the SQL that grants them; empty: it has all. What a client
/// asks for without one of them is refused (403), or cannot be read (503). For the thread of the
/// session; fails as Session::read does.
Expected<std::string> missing_privileges(Session& session, std::span<const Resource> resources,
                                         bool has_tokens);

}  // namespace larder
