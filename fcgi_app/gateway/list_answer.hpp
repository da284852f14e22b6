#pragma once

#include <span>

#include "gateway/connection.hpp"
#include "gateway/plan.hpp"
#include "records/backend.hpp"

namespace larder {

/// Reads the list of `plan` once and sends it on all connections: as a whole where it is short, in
/// parts where it is long, so at the pace of the slowest nginx; which takes lists into its cache,
/// or up to 1 GiB of others into a file, as fast as they come. A connection whose client has gone
/// is abandoned. The requests must ask for the same list, and the same of `for_list_cache`.
///
/// A list that was read after all of these requests came may be cached for each of them if it may
/// be for one (records/list.hpp).
void answer_list(Backend& backend, const Plan& plan, std::span<Connection* const> connections);

}  // namespace larder
