#include "access/token_changes.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <ranges>
#include <string_view>
#include <utility>

#include "catalog/names.hpp"
#include "feed/mark.hpp"
#include "mutant.hpp"
#include "number.hpp"
#include "store/cache_locks.hpp"

namespace larder::access {

namespace {

constexpr std::chrono::milliseconds lock_wait{5000};

/// A column of the type timestamptz, as TokenRow has it.
std::string time_text(std::string_view column) {
    return fmt::format(R"(to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))", column);
}

/// The columns that `row_from` takes, of `t`.
std::string columns(std::string_view used) {
    return fmt::format(
        "t.id::text, t.name, array_to_string(t.roles, ','), {}, {}, {}, {},"
        " coalesce(t.expires <= now(), false)",
        time_text("t.created"), time_text("t.expires"), time_text("t.revoked"), used);
}

TokenRow row_from(const Row& row) {
    TokenRow token{.id = to_number<std::int64_t>(row.at(0).value_or("")).value_or(0),
                   .name = row.at(1).value_or(""),
                   .created = row.at(3).value_or(""),
                   .expires = row.at(4),
                   .revoked = row.at(5),
                   .used = row.at(6),
                   .is_expired = row.at(7) == "t"};
    for (const auto role : std::views::split(row.at(2).value_or(""), ',')) {
        token.roles.emplace_back(role.begin(), role.end());
    }
    return token;
}

/// The rest of the protocol after a change. False: there is no RUN_DIR to swap in.
Expected<bool> commit(Transaction& transaction, const Generation& generation) {
    if (mutant != Mutant::access_not_locked) {
        if (auto locked = transaction.lock(take_locks({access_lock})); !locked) {
            return std::unexpected(std::move(locked.error()));
        }
    }
    if (mutant == Mutant::access_swap_after_commit) {
        auto done = transaction.commit(to_text({.host = "larder-token", .rows = 0}));
        if (!done) return std::unexpected(std::move(done.error()));
        return generation.swap();
    }
    const bool has_swapped = generation.swap();
    if (!has_swapped && errno != ENOENT) {
        return fail(ErrorKind::unavailable, "",
                    fmt::format("cannot swap the generation of access: {}", std::strerror(errno)));
    }
    // Of no host: so each feed swaps, also that of a host whose RUN_DIR is another one.
    auto done = transaction.commit(to_text({.host = "larder-token", .rows = 0}));
    if (!done) return std::unexpected(std::move(done.error()));
    return has_swapped;
}

Expected<TokenChange> changed(Session& session, const Generation& generation,
                              const Statement& statement, const Error& if_none) {
    Transaction transaction(session);
    const auto rows = transaction.change(statement, lock_wait);
    if (!rows) return std::unexpected(rows.error());
    if (rows->empty()) return std::unexpected(if_none);
    TokenChange change{.token = row_from(rows->front()), .is_new = rows->front().back() == "t"};
    const auto committed = commit(transaction, generation);
    if (!committed) return std::unexpected(committed.error());
    change.has_swapped = *committed;
    return change;
}

}  // namespace

Expected<TokenChange> create_token(Session& session, const Generation& generation,
                                   const std::string& name, const Roles& roles,
                                   std::optional<std::int64_t> expires, const Hash& hash) {
    const auto seconds = expires ? std::optional(std::to_string(*expires)) : std::nullopt;
    const Statement insert{
        .sql = fmt::format("INSERT INTO larder.tokens AS t (name, hash, roles, expires)"
                           " VALUES ($1, decode($2, 'hex'), $3::text[], to_timestamp($4::bigint))"
                           " ON CONFLICT (name) WHERE revoked IS NULL DO NOTHING"
                           " RETURNING {}, true",
                           columns("NULL")),
        .values = {name, to_hex(hash), quoted_array(roles), seconds},
        .is_repeated = false};
    return changed(session, generation, insert, {.kind = ErrorKind::conflict});
}

// A token that was revoked before keeps its time. The swap is repeated, for the answer of the first
// time may have been lost.
Expected<TokenChange> revoke_token(Session& session, const Generation& generation,
                                   const std::string& name_or_id) {
    const bool is_id = to_number<std::int64_t>(name_or_id).has_value();
    const Statement update{
        .sql = fmt::format("UPDATE larder.tokens AS t SET revoked = coalesce(t.revoked, now())"
                           " WHERE {} RETURNING {}, t.revoked = now()",
                           is_id ? "t.id = $1::bigint" : "t.name = $1 AND t.revoked IS NULL",
                           columns("NULL")),
        .values = {name_or_id},
        .is_repeated = false};
    return changed(session, generation, update, {.kind = ErrorKind::not_found});
}

Expected<std::vector<TokenRow>> list_tokens(Session& session, bool with_revoked) {
    const auto rows = session.read(once(
        fmt::format("SELECT {} FROM larder.tokens AS t"
                    " LEFT JOIN larder.token_uses AS u ON u.token = t.id{} ORDER BY t.id",
                    columns(time_text("u.used")), with_revoked ? "" : " WHERE t.revoked IS NULL")));
    if (!rows) return std::unexpected(rows.error());
    std::vector<TokenRow> tokens;
    for (const Row& row : *rows) tokens.push_back(row_from(row));
    return tokens;
}

}  // namespace larder::access
