#pragma once

#include <string_view>

#include "cache/generations.hpp"
#include "records/effects.hpp"

namespace larder {

/// Begins a new generation of each of these lists of a collection; false, with errno, where the
/// file system refused one. Any thread.
bool renew_lists(Generations& generations, std::string_view collection, const OutdatedLists& lists);

}  // namespace larder
