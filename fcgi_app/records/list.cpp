#include "records/list.hpp"

#include "mutant.hpp"

namespace larder {

Expected<bool> is_list_cacheable(Backend& backend, const Collection& collection) {
    if constexpr (mutant == Mutant::no_lock_check) return true;
    const auto quiet = backend.session.read(collection.statements.quiet());
    if (!quiet) return std::unexpected(quiet.error());
    return quiet->at(0).at(0) == "t";
}

Expected<void> stream_list(Backend& backend, const Collection& collection, const List& list,
                           std::string_view limit,
                           const std::function<bool(std::string_view)>& take) {
    return backend.session.stream(collection.statements.list(list, limit), take);
}

}  // namespace larder
