#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "error.hpp"
#include "http/request.hpp"
#include "http/response.hpp"

namespace larder {

struct Backend;
class Transaction;

/// Idempotency keys (draft-ietf-httpapi-idempotency-key-header): a write is done once however often
/// it is sent. Its answer is kept in larder.idempotency_keys by the transaction of the write
/// itself, before the fence, so either both are there or neither; nothing is left to do after
/// COMMIT. Only what took effect is kept: a write that failed has changed nothing, and may be tried
/// again.
///
/// A transaction takes the lock of its key (an advisory one, for which nobody waits) before it
/// looks for an answer, so that a second request finds out that the first is under way. What
/// decides is the primary key of the table.

/// An Idempotency-Key and the request that it came with, as digests of 64 hex digits.
struct IdempotencyKey {
    std::string key;          ///< of the key, and of whose it is
    std::string fingerprint;  ///< of method, target, content type, preconditions and body
};

/// `text` is what http::parse_idempotency_key gives. Pure; any thread.
IdempotencyKey idempotency_key(std::string_view text, const http::Request& request);

/// The key of a request whose body came as a stream. `request` had none when `head` was made of it;
/// `digest` is the SHA-256 of what came.
IdempotencyKey with_body(const IdempotencyKey& head, const std::string& digest);

/// What is known of a key: nothing, so the write is to be done; the answer to the same request,
/// with `Idempotent-Replayed`; or why there is none: `unprocessable` if the key came with another
/// request, `conflict` with Retry-After if another transaction is at work under it.
using Answered = Expected<std::optional<http::Response>>;

/// Opens a transaction that is not open yet, takes the locks of these keys, each another one, and
/// says what is known of each, in their order. Until the transaction ends, nothing more becomes
/// known of those of which nothing is. The caller counts the answers that are sent again.
Expected<std::vector<Answered>> open_with_keys(Backend& backend, Transaction& transaction,
                                               std::span<const IdempotencyKey* const> keys,
                                               std::chrono::milliseconds lock_wait);

/// A key of the transaction, with the answer to be kept: JSON, or without a body.
struct KeptAnswer {
    const IdempotencyKey* key;
    const http::Response* answer;
};

/// Keeps the answers in the transaction, for IDEMPOTENCY_TTL. Fails with `conflict` where one is
/// kept already; the transaction must be rolled back then.
Expected<void> keep(Backend& backend, Transaction& transaction, std::span<const KeptAnswer> answers,
                    std::chrono::milliseconds lock_wait);

/// What is known of a key outside of any transaction; whether one is at work is not.
Answered look_up(Backend& backend, const IdempotencyKey& key);

/// Whether an answer is kept, be it to this request or to another.
Expected<bool> is_kept(Backend& backend, const IdempotencyKey& key);

/// The answer to a second request while the first is under way.
Error key_in_use();

/// For what may be done twice without harm, such as to empty the caches: keeps an answer in a
/// transaction of its own, unless one is kept already.
Expected<void> keep_alone(Backend& backend, const IdempotencyKey& key,
                          const http::Response& answer);

/// Removes answers that are too old, `most` at most, and says how many these were. 0 also where
/// another process is doing it.
Expected<std::size_t> remove_expired(Backend& backend, std::size_t most);

}  // namespace larder
