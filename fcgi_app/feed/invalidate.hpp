#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "feed/follower.hpp"
#include "records/backend.hpp"

namespace larder {

/// Transactions that are in the log and not visible yet, and what is to be renewed when they are.
struct Invisible {
    std::vector<std::uint32_t> transactions = {};
    ListsByCollection lists = {};
    bool access = false;

    bool is_empty() const { return transactions.empty(); }
};

/// Fences and renews what `what` names, and empties it. If Redis does not acknowledge a fence, this
/// host stops trusting it. Renews what is in `invisible` and has become visible, and adds what is
/// not: as long as it is not empty, this has to be called again and again. Fails, with a message
/// for the operator, if the file system refuses a new generation or PostgreSQL does not answer;
/// what was not done is then lost, so the caller has to start from `everything`.
std::expected<void, std::string> invalidate(Backend& backend, Invalidation& what,
                                            Invisible& invisible);

/// All records, all lists and all verdicts: for when nobody knows what was missed.
Invalidation everything(const Services& services);

}  // namespace larder
