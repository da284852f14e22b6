#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/identity.hpp"
#include "access/secret.hpp"

namespace larder::access {

/// Whether `text` can be the name of a token: 1 to 64 of A-Z a-z 0-9 . _ @ -, beginning with a
/// letter. So no name is a number, and none has the form of a token.
bool is_token_name(std::string_view text);

/// All own tokens that were not revoked when it was read: their hashes, and what they stand for. It
/// holds no secret. A value; `find` may be called by several threads at once.
class TokenTable {
public:
    /// The statement that reads it (store/statements.hpp), whose rows `add` takes.
    static constexpr std::string_view select =
        "SELECT id::text, name, encode(hash, 'hex'), array_to_string(roles, ','),"
        " floor(extract(epoch FROM expires))::bigint::text FROM larder.tokens"
        " WHERE revoked IS NULL";

    /// Takes a row of `select`. False: it is not one, and nothing is taken.
    bool add(const std::vector<std::optional<std::string>>& row);

    /// To be called after the last `add`, and before the first `find`.
    void finish();

    /// What this own token stands for, expired or not; null: it is unknown. O(log n).
    const Identity* find(const Hash& hash) const;

    /// The verdict on a text that is an own token (`is_own_token`) at this time, in seconds since
    /// the epoch.
    Verdict judge(std::string_view token, std::int64_t now) const;

    std::size_t size() const { return entries_.size(); }

private:
    struct Entry {
        Hash hash;
        Identity identity;
    };
    std::vector<Entry> entries_;
};

}  // namespace larder::access
