#include "records/idempotency.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "access/secret.hpp"
#include "catalog/names.hpp"
#include "mutant.hpp"
#include "number.hpp"
#include "records/backend.hpp"
#include "records/fenced_commit.hpp"
#include "store/cache_locks.hpp"

namespace larder {

namespace {

/// Parts with their lengths, so that no two lists of parts have one text.
class Parts {
public:
    Parts& add(std::string_view part) {
        fmt::format_to(std::back_inserter(text_), "{}:{}", part.size(), part);
        return *this;
    }
    Parts& add_sent(const std::optional<std::string_view>& part) {
        if (part) return add(*part);
        text_ += '-';
        return *this;
    }
    std::string digest() const { return access::to_hex(access::sha256(text_)); }

private:
    std::string text_;
};

std::string bytea(const std::string& hex) { return "\\x" + hex; }

std::string lock_number(std::string_view key) {
    return cache_lock_number(fmt::format("'larder:idempotency:' || {}", key));
}

std::string lifetime_of(const Backend& backend) {
    return std::to_string(backend.services.settings.idempotency_ttl);
}

/// (whether it is ours) for each of the keys, in their order. In a statement of its own: what a
/// transaction that held one of them has kept is visible to the next.
Statement take_key_locks(const std::vector<std::string>& keys) {
    return {fmt::format("SELECT pg_try_advisory_xact_lock({}) FROM unnest($1::text[])"
                        " WITH ORDINALITY AS k (key, place) ORDER BY place",
                        lock_number("key")),
            {quoted_array(keys)}};
}

/// (key, fingerprint, status, headers, body) of those of which an answer is kept.
Statement select_answers(const Backend& backend, const std::vector<std::string>& keys) {
    std::vector<std::string> values;
    for (const std::string& key : keys) values.push_back(bytea(key));
    return {
        "SELECT encode(k.key, 'hex'), encode(k.fingerprint, 'hex'), k.status, k.headers, k.body"
        " FROM larder.idempotency_keys AS k WHERE k.key = ANY($1::bytea[])"
        " AND k.made_at > now() - make_interval(secs => $2::float8)",
        {quoted_array(values), lifetime_of(backend)}};
}

/// A row for each answer; one that is too old gives way, any other is left alone.
Statement insert_answers(const Backend& backend, std::span<const KeptAnswer> answers) {
    std::vector<std::string> keys;
    std::vector<std::string> fingerprints;
    std::vector<std::string> statuses;
    std::vector<std::string> headers;
    std::vector<std::string> bodies;
    for (const auto& [key, answer] : answers) {
        keys.push_back(bytea(key->key));
        fingerprints.push_back(bytea(key->fingerprint));
        statuses.push_back(std::to_string(answer->status));
        headers.push_back(answer->headers);
        bodies.push_back(answer->content_type.empty() ? std::string() : answer->body);
    }
    return {
        "INSERT INTO larder.idempotency_keys AS k (key, fingerprint, status, headers, body)"
        " SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::smallint[], $4::text[], $5::text[])"
        " ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint,"
        " made_at = excluded.made_at, status = excluded.status, headers = excluded.headers,"
        " body = excluded.body WHERE k.made_at <= now() - make_interval(secs => $6::float8)"
        " RETURNING k.status",
        {quoted_array(keys), quoted_array(fingerprints), quoted_array(statuses),
         quoted_array(headers), quoted_array(bodies), lifetime_of(backend)}};
}

Error another_request() {
    return {.kind = ErrorKind::unprocessable,
            .detail =
                "This Idempotency-Key came with another request before; another request needs"
                " another key."};
}

/// What is known of `key` by the rows that select_answers has given.
Answered known_by(const IdempotencyKey& key, const Rows& rows) {
    const auto row = std::ranges::find_if(rows, [&](const Row& one) { return one[0] == key.key; });
    if (row == rows.end()) return std::nullopt;
    if ((*row)[1] != key.fingerprint) return std::unexpected(another_request());
    http::Response response{.status = to_number<int>((*row)[2].value_or("")).value_or(0),
                            .headers = (*row)[3].value_or(""),
                            .body = (*row)[4].value_or("")};
    if (response.body.empty()) response.content_type = {};
    http::add_header(response, "Idempotent-Replayed", "true");
    return response;
}

}  // namespace

IdempotencyKey idempotency_key(std::string_view text, const http::Request& request) {
    return {.key = Parts().add(request.key_owner).add(text).digest(),
            .fingerprint = Parts()
                               .add(http::name_of(request.method))
                               .add(request.target)
                               .add(request.content_type)
                               .add_sent(request.if_match)
                               .add_sent(request.if_none_match)
                               .add(request.body)
                               .digest()};
}

IdempotencyKey with_body(const IdempotencyKey& head, const std::string& digest) {
    return {.key = head.key, .fingerprint = Parts().add(head.fingerprint).add(digest).digest()};
}

Error key_in_use() {
    return {
        .kind = ErrorKind::conflict,
        .detail = "A request with this Idempotency-Key is under way; send this one again later.",
        .headers = "Retry-After: 1\r\n"};
}

Expected<std::vector<Answered>> open_with_keys(Backend& backend, Transaction& transaction,
                                               std::span<const IdempotencyKey* const> keys,
                                               std::chrono::milliseconds lock_wait) {
    std::vector<std::string> names;
    names.reserve(keys.size());
    for (const IdempotencyKey* key : keys) names.push_back(key->key);
    const auto results =
        transaction.change_all({take_key_locks(names), select_answers(backend, names)}, lock_wait);
    if (!results) return std::unexpected(results.error());
    std::vector<Answered> known;
    known.reserve(keys.size());
    for (std::size_t at = 0; at < keys.size(); ++at) {
        known.push_back(known_by(*keys[at], results->at(1)));
        const bool is_ours = results->at(0).at(at).at(0) == "t";
        if (known.back() && !*known.back() && !is_ours)
            known.back() = std::unexpected(key_in_use());
    }
    return known;
}

Expected<void> keep(Backend& backend, Transaction& transaction, std::span<const KeptAnswer> answers,
                    std::chrono::milliseconds lock_wait) {
    if (mutant == Mutant::key_in_its_own_transaction || answers.empty()) return {};
    const auto kept = transaction.also(insert_answers(backend, answers), lock_wait);
    if (!kept) return std::unexpected(kept.error());
    if (kept->size() != answers.size()) return std::unexpected(key_in_use());
    return {};
}

Answered look_up(Backend& backend, const IdempotencyKey& key) {
    const auto rows = backend.session.read(select_answers(backend, {key.key}));
    if (!rows) return std::unexpected(rows.error());
    auto known = known_by(key, *rows);
    if (known && *known) backend.services.metrics.idempotent_replays.add();
    return known;
}

Expected<bool> is_kept(Backend& backend, const IdempotencyKey& key) {
    const auto rows = backend.session.read(select_answers(backend, {key.key}));
    if (!rows) return std::unexpected(rows.error());
    return !rows->empty();
}

Expected<void> keep_alone(Backend& backend, const IdempotencyKey& key,
                          const http::Response& answer) {
    const KeptAnswer kept{.key = &key, .answer = &answer};
    FencedCommit commit(backend, {});
    Transaction transaction(backend.session);
    const auto done = transaction.change(insert_answers(backend, {&kept, 1}));
    if (!done) return std::unexpected(done.error());
    return commit.run(transaction);
}

// The row locks are skipped where a write is about to take the row over.
Expected<std::size_t> remove_expired(Backend& backend, std::size_t most) {
    const auto removed = backend.session.execute(fmt::format(
        "WITH ours AS MATERIALIZED (SELECT pg_try_advisory_xact_lock({}) AS is_taken),"
        " old AS (SELECT key FROM larder.idempotency_keys WHERE (SELECT is_taken FROM ours)"
        " AND made_at <= now() - make_interval(secs => {}) LIMIT {} FOR UPDATE SKIP LOCKED),"
        " gone AS (DELETE FROM larder.idempotency_keys AS k USING old WHERE k.key = old.key"
        " RETURNING k.key) SELECT count(*) FROM gone",
        lock_number("'expiry'"), lifetime_of(backend), most));
    if (!removed) return std::unexpected(removed.error());
    const auto count = to_number<std::size_t>(removed->at(0).at(0).value_or("")).value_or(0);
    backend.services.metrics.idempotency_keys_expired.add(count);
    return count;
}

}  // namespace larder
