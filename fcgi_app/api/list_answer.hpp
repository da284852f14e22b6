#pragma once

#include <span>
#include <string>

#include "query/query.hpp"
#include "records/backend.hpp"
#include "server/connection.hpp"

namespace larder {

/// Reads a list once and sends it on all connections: as a whole where it is short, in parts where
/// it is long, so at the pace of the slowest nginx; which takes lists into its cache or a temporary
/// file as fast as they come, up to a bound. A connection whose client has gone is abandoned. The
/// requests must have asked for this, and the same of `for_list_cache`.
///
/// The head of the answer has a Link to the rest of the list, so the end of a page is known before
/// its first record is sent (records/list.hpp).
///
/// A list that was read after all of these requests came may be cached for each of them if it may
/// be for one (records/list.hpp).
void answer_list(Backend& backend, const Collection& collection, const List& list,
                 const query::Query& query, std::span<Connection* const> connections);

/// Where a list is.
std::string path_of(const Resource& resource, const List& list);

}  // namespace larder
