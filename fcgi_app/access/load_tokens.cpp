#include "access/load_tokens.hpp"

#include <utility>

#include "store/cache_locks.hpp"

namespace larder::access {

Expected<LoadedTokens> load_tokens(Session& session, const Generation& generation) {
    LoadedTokens loaded{.generation = generation.current()};
    bool is_quiet = false;
    bool is_read = true;
    const auto done = session.stream(
        {.before = are_free({access_lock}), .rows = {.sql = std::string(TokenTable::select)}},
        [&](const Session::Head& head) { is_quiet = head.before.at(0).at(0) == "t"; },
        [&](const Row& row) { return is_read = loaded.table.add(row); });
    if (!done) return std::unexpected(done.error());
    if (!is_read) {
        return fail(ErrorKind::internal, "Something went wrong inside the server.",
                    "a row of larder.tokens cannot be read");
    }
    loaded.table.finish();
    loaded.may_keep = is_quiet && !loaded.generation.empty();
    return loaded;
}

}  // namespace larder::access
