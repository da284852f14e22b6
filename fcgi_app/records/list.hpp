#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "error.hpp"
#include "records/backend.hpp"

namespace larder {

/// Reads a list: tells `begin` whether it may be cached, and then hands over the JSON of each
/// record, in order, until `take` gives false. `limit` is empty or digits. Bounded memory.
///
/// A list may be cached if no writer was at work on the table in a statement before the list's own
/// snapshot: then it has every change of the generation under which nginx asked for it.
Expected<void> read_list(Backend& backend, const Collection& collection, const List& list,
                         std::string_view limit, const std::function<void(bool cacheable)>& begin,
                         const std::function<bool(std::string_view)>& take);

}  // namespace larder
