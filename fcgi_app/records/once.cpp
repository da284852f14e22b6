#include "records/once.hpp"

#include <utility>

#include "mutant.hpp"
#include "records/backend.hpp"
#include "records/fenced_commit.hpp"

namespace larder {

Expected<Changed> change_once(Backend& backend, Transaction& transaction, const Once* once,
                              const Statement& statement, LockWait lock_wait) {
    const auto changed = [](Expected<Rows> rows) -> Expected<Changed> {
        if (!rows) return std::unexpected(std::move(rows.error()));
        return Changed{.rows = std::move(*rows)};
    };
    if (once == nullptr) return changed(transaction.change(statement, lock_wait));
    const IdempotencyKey* key = &once->key;
    auto known = open_with_keys(backend, transaction, {&key, 1}, lock_wait);
    if (!known) return std::unexpected(std::move(known.error()));
    Answered& answered = known->front();
    if (!answered) return std::unexpected(std::move(answered.error()));
    if (*answered) return Changed{.answer = std::move(*answered)};
    return changed(transaction.also(statement, lock_wait));
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
