#include "records/list.hpp"

#include "mutant.hpp"
#include "number.hpp"
#include "records/effects.hpp"
#include "records/epoch.hpp"

namespace larder {

Expected<void> read_list(Backend& backend, const Collection& collection, const List& list,
                         std::string_view tag, std::string_view limit,
                         const std::function<void(bool cacheable)>& begin,
                         const std::function<bool(std::string_view)>& take) {
    Session::Query query{.sql = collection.statements.list(list, limit),
                         .limit = to_number<std::size_t>(limit).value_or(0)};
    // Of the tags of a description that another worker does not have, that one locks nothing. And
    // where a writer of this process is about to commit there is nothing to ask.
    if (mutant == Mutant::no_lock_check) {
        begin(true);
    } else if (tag.empty() ? collection.writers_at_work.load() > 0
                           : descriptions_change(backend.services)) {
        begin(false);
    } else {
        query.before = are_free(locks_of_readers(collection.resource, tag));
    }
    return backend.session.stream(
        query, [&](const Rows& quiet) { begin(quiet.at(0).at(0) == "t"); }, take);
}

}  // namespace larder
