#include "records/renew_lists.hpp"

#include <algorithm>

namespace larder {

bool renew_lists(Generations& generations, std::string_view collection,
                 const OutdatedLists& lists) {
    if (lists.all) return generations.swap_tags(collection);
    return generations.swap(collection) && std::ranges::all_of(lists.tags, [&](const auto& tag) {
               return generations.swap(collection, tag);
           });
}

}  // namespace larder
