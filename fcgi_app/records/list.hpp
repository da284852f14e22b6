#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "error.hpp"
#include "records/backend.hpp"

namespace larder {

/// Whether a list that is read after this call may be cached: no writer is at work on the table, so
/// the list will have every change of the generation under which nginx asked for it. To be called
/// before `stream_list`; for it is a statement of its own, with an older snapshot than the list's.
Expected<bool> is_list_cacheable(Backend& backend, const Collection& collection);

/// Hands over the JSON of each record of a list, in order, until `take` gives false. `limit` is
/// empty or digits. Bounded memory.
Expected<void> stream_list(Backend& backend, const Collection& collection, const List& list,
                           std::string_view limit,
                           const std::function<bool(std::string_view)>& take);

}  // namespace larder
