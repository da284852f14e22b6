#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "error.hpp"
#include "http/response.hpp"
#include "records/idempotency.hpp"
#include "store/session.hpp"

namespace larder {

struct Backend;
class FencedCommit;

struct WrittenRecord {
    std::string id;
    std::string json;  ///< empty: it was removed
    /// Of a write with a key: the answer that is kept of it. Where the same request was done
    /// before, that is all there is.
    std::optional<http::Response> answer = {};
};

/// A write with an Idempotency-Key (records/idempotency.hpp), and how the answer to be kept is made
/// of what it has written.
struct Once {
    IdempotencyKey key;
    std::function<http::Response(std::span<const WrittenRecord>)> answer;
};

/// How long a write waits for each lock of another transaction.
using LockWait = std::chrono::milliseconds;

/// The steps of a write in a transaction of its own, with a key or (`once` is null) without one,
/// which costs it nothing. For store threads.

/// What the first statement of a write has given, or the answer that is kept of the same request.
struct Changed {
    Rows rows = {};
    std::optional<http::Response> answer = {};
};

/// Opens the transaction and makes the change in it, unless the same request was done before. Fails
/// as Transaction::change does, and as `Answered` says.
Expected<Changed> change_once(Backend& backend, Transaction& transaction, const Once* once,
                              const Statement& statement, LockWait lock_wait);

/// The same for several changes, which all are made, with the rows of each.
struct ChangedAll {
    std::vector<Rows> rows = {};
    std::optional<http::Response> answer = {};
};
Expected<ChangedAll> change_all_once(Backend& backend, Transaction& transaction, const Once* once,
                                     std::vector<Statement> statements, LockWait lock_wait);

/// Keeps the answer, and runs `commit`. Gives the answer; nothing without a key.
Expected<std::optional<http::Response>> finish_once(Backend& backend, Transaction& transaction,
                                                    FencedCommit& commit, const Once* once,
                                                    std::span<const WrittenRecord> records,
                                                    LockWait lock_wait);

/// The answer that is kept although the write has failed: it may have failed because the same
/// request has been done meanwhile. Else fails as the write has, or as `Answered` says.
Expected<http::Response> answer_despite(Backend& backend, const Once* once, Error error);

}  // namespace larder
