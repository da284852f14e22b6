#include "records/once.hpp"

#include <utility>

#include "mutant.hpp"
#include "records/backend.hpp"
#include "records/fenced_commit.hpp"

namespace larder {

namespace {

Answered open(Backend& backend, Transaction& transaction, const Once& once, LockWait lock_wait) {
    const IdempotencyKey* key = &once.key;
    auto known = open_with_keys(backend, transaction, {&key, 1}, lock_wait);
    if (!known) return std::unexpected(std::move(known.error()));
    Answered& answered = known->front();
    if (answered && *answered) backend.services.metrics.idempotent_replays.add();
    return std::move(answered);
}

/// `Result` with these rows, or the failure.
template <class Result, class Made>
Expected<Result> changed(Expected<Made> rows) {
    if (!rows) return std::unexpected(std::move(rows.error()));
    return Result{.rows = std::move(*rows)};
}

}  // namespace

Expected<Changed> change_once(Backend& backend, Transaction& transaction, const Once* once,
                              const Statement& statement, LockWait lock_wait) {
    if (once == nullptr) return changed<Changed>(transaction.change(statement, lock_wait));
    auto answered = open(backend, transaction, *once, lock_wait);
    if (!answered) return std::unexpected(std::move(answered.error()));
    if (*answered) return Changed{.answer = std::move(*answered)};
    return changed<Changed>(transaction.also(statement, lock_wait));
}

Expected<ChangedAll> change_all_once(Backend& backend, Transaction& transaction, const Once* once,
                                     std::vector<Statement> statements, LockWait lock_wait) {
    if (once == nullptr) {
        return changed<ChangedAll>(transaction.change_all(std::move(statements), lock_wait));
    }
    auto answered = open(backend, transaction, *once, lock_wait);
    if (!answered) return std::unexpected(std::move(answered.error()));
    if (*answered) return ChangedAll{.answer = std::move(*answered)};
    return changed<ChangedAll>(transaction.also_all(statements));
}

Expected<std::optional<http::Response>> finish_once(Backend& backend, Transaction& transaction,
                                                    FencedCommit& commit, const Once* once,
                                                    std::span<const WrittenRecord> records,
                                                    LockWait lock_wait) {
    std::optional<http::Response> answer;
    if (once != nullptr) {
        answer = once->answer(records);
        const KeptAnswer kept{.key = &once->key, .answer = &*answer};
        if (auto done = keep(backend, transaction, {&kept, 1}, lock_wait); !done) {
            return std::unexpected(std::move(done.error()));
        }
    }
    if (auto committed = commit.run(transaction); !committed) {
        return std::unexpected(std::move(committed.error()));
    }
    if (mutant == Mutant::key_in_its_own_transaction && answer) {
        auto kept = keep_alone(backend, once->key, *answer);
        if (!kept) return std::unexpected(std::move(kept.error()));
    }
    return answer;
}

Expected<http::Response> answer_despite(Backend& backend, const Once* once, Error error) {
    if (once == nullptr || error.kind == ErrorKind::unavailable) {
        return std::unexpected(std::move(error));
    }
    auto known = look_up(backend, once->key);
    if (!known) return std::unexpected(std::move(known.error()));
    if (*known) return std::move(**known);
    return std::unexpected(std::move(error));
}

}  // namespace larder
