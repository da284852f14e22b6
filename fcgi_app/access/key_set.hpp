#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/public_key.hpp"

namespace larder::access {

/// A key of an identity provider.
struct Key {
    std::optional<std::string> id;  ///< `kid`
    std::optional<Algorithm> only;  ///< `alg`: it is for no other
    PublicKey key;

    bool admits(Algorithm algorithm) const {
        return key.admits(algorithm) && (!only || *only == algorithm);
    }
};

/// The public keys by which JWTs are verified: a JWK Set (RFC 7517, section 5). Keys that are for
/// something else (`use`, `key_ops`, an `alg` that Larder does not take), of another type or curve,
/// and RSA keys under 2,048 bits are left out, as RFC 7517 wants it. The set is refused as a whole
/// where it is no JWK Set, holds a private or symmetric key, or nothing that can be used. A value;
/// any thread may read it.
class KeySet {
public:
    static constexpr std::size_t most_bytes = 1048576;
    static constexpr std::size_t most_keys = 64;

    /// Fails with a message for the operator, which holds nothing of a secret.
    static std::expected<KeySet, std::string> parse(std::string_view text);

    const std::vector<Key>& keys() const { return keys_; }

    /// Which keys were left out, and why; a line for each, for the operator.
    const std::vector<std::string>& left_out() const { return left_out_; }

    /// The keys that a token with this `kid` and `alg` may be signed with. A token without `kid`
    /// fits each key that admits the algorithm, and no key if these are over `most_tried`.
    std::vector<const Key*> find(const std::optional<std::string>& id, Algorithm algorithm) const;
    static constexpr std::size_t most_tried = 4;

    /// Whether there is a key with this `kid`, for any algorithm.
    bool has(std::string_view id) const;

private:
    std::vector<Key> keys_;
    std::vector<std::string> left_out_;
};

/// What shows that a file is another one than before, or has other content.
struct FileStamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t changed_ns = 0;  ///< of its content, since the epoch

    bool operator==(const FileStamp&) const = default;
};

/// Nothing where the file is not there or cannot be looked at.
std::optional<FileStamp> stamp_of(const std::string& path);

/// AUTH_JWKS as it was read.
struct KeyFile {
    std::optional<FileStamp> stamp = std::nullopt;  ///< of what was read
    std::expected<KeySet, std::string> keys;        ///< or what is wrong, for the operator
};

/// Reads the file, at most `KeySet::most_bytes` of it. Blocks as long as the file system does. Any
/// thread.
KeyFile read_key_file(const std::string& path);

}  // namespace larder::access
