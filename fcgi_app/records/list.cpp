#include "records/list.hpp"

#include "mutant.hpp"
#include "number.hpp"

namespace larder {

Expected<void> read_list(Backend& backend, const Collection& collection, const List& list,
                         std::string_view limit, const std::function<void(bool cacheable)>& begin,
                         const std::function<bool(std::string_view)>& take) {
    Session::Query query{.sql = collection.statements.list(list, limit),
                         .limit = to_number<std::size_t>(limit).value_or(0)};
    // Where a writer of this process is at work there is nothing to ask.
    if (mutant == Mutant::no_lock_check) {
        begin(true);
    } else if (collection.writers_at_work.load() > 0) {
        begin(false);
    } else {
        query.before = collection.statements.quiet();
    }
    return backend.session.stream(
        query, [&](const Rows& quiet) { begin(quiet.at(0).at(0) == "t"); }, take);
}

}  // namespace larder
