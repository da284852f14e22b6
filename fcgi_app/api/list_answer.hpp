#pragma once

#include <span>
#include <string_view>

#include "records/backend.hpp"
#include "server/connection.hpp"

namespace larder {

/// Reads a list once and sends it on all connections: as a whole where it is short, in parts where
/// it is long, so at the pace of the slowest nginx; which takes lists into its cache or a temporary
/// file as fast as they come, up to a bound. A connection whose client has gone is abandoned. The
/// requests must have asked for this list and limit, and the same of `for_list_cache`.
///
/// A list that was read after all of these requests came may be cached for each of them if it may
/// be for one (records/list.hpp).
void answer_list(Backend& backend, const Collection& collection, const List& list,
                 std::string_view limit, std::span<Connection* const> connections);

}  // namespace larder
