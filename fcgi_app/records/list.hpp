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
/// A list may be cached under a tag that every write has which changes it (catalog/tags.hpp) if, in
/// a statement before the list's own snapshot, no transaction held the lock of the tag, and the
/// generation had been looked up before that: then the list has every change of the generation.
Expected<void> read_list(Backend& backend, const Collection& collection, const List& list,
                         std::string_view tag, std::string_view limit,
                         const std::function<void(bool cacheable)>& begin,
                         const std::function<bool(std::string_view)>& take);

}  // namespace larder
