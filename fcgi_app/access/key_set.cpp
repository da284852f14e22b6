#include "access/key_set.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "access/loggable_text.hpp"
#include "base64url.hpp"
#include "file.hpp"
#include "json/document.hpp"
#include "json/nested.hpp"

namespace larder::access {

namespace {

constexpr std::size_t longest_id = 256;
constexpr std::int64_t second_ns = 1'000'000'000;

/// A key that cannot be used: either it is to be left out, or the whole set is to be refused.
struct Unusable {
    std::string why;
    bool is_fatal = false;
};
template <class T>
using Read = std::expected<T, Unusable>;

std::unexpected<Unusable> left_out(std::string why) {
    return std::unexpected(Unusable{.why = std::move(why)});
}
std::unexpected<Unusable> fatal(std::string why) {
    return std::unexpected(Unusable{.why = std::move(why), .is_fatal = true});
}

/// What `parse` says of a text, which it takes for the body of a request; on one line, whatever the
/// text is.
std::string of_file(std::string message) {
    constexpr std::string_view body = "The body";
    if (message.starts_with(body)) message.replace(0, body.size(), "it");
    const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == 127; };
    std::ranges::replace_if(message, is_control, '?');
    return message;
}

/// A member that has to be a string, if it is there.
Read<std::optional<std::string>> text_of(const json::Document& jwk, std::string_view name) {
    const json::Member* member = jwk.find(name);
    if (member == nullptr) return std::nullopt;
    if (member->type != json::Type::string) return fatal(fmt::format("{} is no string", name));
    return member->text;
}

/// A parameter of the key itself, decoded.
Read<std::string> bytes_of(const json::Document& jwk, std::string_view name) {
    const auto text = text_of(jwk, name);
    if (!text) return std::unexpected(text.error());
    if (!*text) return fatal(fmt::format("it lacks {}", name));
    auto bytes = from_base64url(**text);
    if (!bytes) return fatal(fmt::format("{} is no base64url", name));
    return std::move(*bytes);
}

Read<PublicKey> checked(std::expected<PublicKey, std::string> key) {
    if (!key) return left_out(std::move(key.error()));
    return std::move(*key);
}

/// By `kty` and `crv` (RFC 7518, section 6; RFC 8037, section 2).
Read<PublicKey> public_key_of(const json::Document& jwk) {
    const auto type = text_of(jwk, "kty");
    if (!type) return std::unexpected(type.error());
    if (!*type) return fatal("it lacks kty");
    const auto curve = text_of(jwk, "crv");
    if (!curve) return std::unexpected(curve.error());
    const auto both = [&](std::string_view first, std::string_view second, auto make) {
        const auto one = bytes_of(jwk, first);
        if (!one) return Read<PublicKey>(std::unexpected(one.error()));
        const auto other = bytes_of(jwk, second);
        if (!other) return Read<PublicKey>(std::unexpected(other.error()));
        return checked(make(*one, *other));
    };
    if (*type == "RSA") return both("n", "e", PublicKey::rsa);
    if (*type == "EC" && *curve == "P-256") return both("x", "y", PublicKey::p256);
    if (*type == "OKP" && *curve == "Ed25519") {
        const auto x = bytes_of(jwk, "x");
        if (!x) return std::unexpected(x.error());
        return checked(PublicKey::ed25519(*x));
    }
    return left_out(fmt::format("a key of the type {} {}", loggable_text(**type, longest_id),
                                loggable_text(curve->value_or(""), longest_id)));
}

/// A file that many may read is no place for a secret, and one with a secret was not meant for
/// this.
bool holds_secret(const json::Document& jwk) {
    constexpr std::array<std::string_view, 8> private_members = {"d",  "p",  "q", "dp",
                                                                 "dq", "qi", "k", "oth"};
    return std::ranges::any_of(private_members,
                               [&](std::string_view name) { return jwk.find(name) != nullptr; });
}

/// Whether a member of texts, `key_ops`, names this one.
bool names(std::string_view array, std::string_view wanted) {
    return std::ranges::any_of(json::elements_of(array), [&](std::string_view element) {
        return element == fmt::format("\"{}\"", wanted);
    });
}

/// Whether the key is for signatures.
Read<void> check_purpose(const json::Document& jwk, std::string_view text) {
    const auto use = text_of(jwk, "use");
    if (!use) return std::unexpected(use.error());
    if (*use && **use != "sig") return left_out("its use is not sig");
    const json::Member* operations = jwk.find("key_ops");
    if (operations == nullptr) return {};
    if (operations->type != json::Type::array) return fatal("key_ops is no array");
    if (!names(json::raw_value(*operations, text), "verify")) {
        return left_out("its key_ops lack verify");
    }
    return {};
}

Read<Key> key_of(std::string_view text) {
    const auto jwk = json::parse(text);
    if (!jwk || jwk->root != json::Type::object) return fatal("it is no object");
    if (holds_secret(*jwk)) return fatal("it is a private or a symmetric key");
    if (auto purpose = check_purpose(*jwk, text); !purpose) return std::unexpected(purpose.error());
    const auto id = text_of(*jwk, "kid");
    if (!id) return std::unexpected(id.error());
    if (*id && (*id)->size() > longest_id) return left_out("its kid is too long");
    const auto name = text_of(*jwk, "alg");
    if (!name) return std::unexpected(name.error());
    auto key = public_key_of(*jwk);
    if (!key) return std::unexpected(key.error());
    const auto only = *name ? algorithm_of(**name) : std::nullopt;
    if (*name && (!only || !key->admits(*only))) return left_out("its alg is not one of this key");
    return Key{.id = *id, .only = only, .key = std::move(*key)};
}

/// How the operator knows a key: its place, and its `kid`.
std::string label_of(std::size_t at, std::string_view text) {
    const auto jwk = json::parse(text);
    const json::Member* id = jwk ? jwk->find("kid") : nullptr;
    if (id == nullptr || id->text.empty()) return fmt::format("key {}", at + 1);
    return fmt::format("key {} ({})", at + 1, loggable_text(id->text, longest_id));
}

std::string failure(const std::string& path, const std::string& why) {
    return fmt::format("{}: {}", path, why);
}

/// The content of an open file, or nothing with errno; one byte more than is allowed shows that it
/// is longer.
std::optional<std::string> content_of(const File& file) {
    std::string text(KeySet::most_bytes + 1, '\0');
    std::size_t length = 0;
    while (length < text.size()) {
        const ssize_t got = read(file.descriptor(), text.data() + length, text.size() - length);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::nullopt;
        if (got == 0) break;
        length += static_cast<std::size_t>(got);
    }
    text.resize(length);
    return text;
}

FileStamp stamp_from(const struct stat& status) {
    return {.device = status.st_dev,
            .inode = status.st_ino,
            .size = status.st_size,
            .changed_ns = status.st_mtim.tv_sec * second_ns + status.st_mtim.tv_nsec};
}

}  // namespace

std::expected<KeySet, std::string> KeySet::parse(std::string_view text) {
    const auto document = json::parse(text);
    if (!document) return std::unexpected(of_file(document.error()));
    const json::Member* member = document->find("keys");
    if (member == nullptr || member->type != json::Type::array) {
        return std::unexpected("it is no JWK Set: there is no array \"keys\"");
    }
    const auto elements = json::elements_of(json::raw_value(*member, text));
    if (elements.size() > most_keys) {
        return std::unexpected(fmt::format("it has over {} keys", most_keys));
    }
    KeySet set;
    for (std::size_t at = 0; at < elements.size(); ++at) {
        auto key = key_of(elements[at]);
        if (key) {
            set.keys_.push_back(std::move(*key));
            continue;
        }
        auto line = fmt::format("{}: {}", label_of(at, elements[at]), key.error().why);
        if (key.error().is_fatal) return std::unexpected(std::move(line));
        set.left_out_.push_back(std::move(line));
    }
    if (set.keys_.empty()) {
        return std::unexpected(fmt::format("it has no key that can be used{}{}",
                                           set.left_out_.empty() ? "" : "; ",
                                           fmt::join(set.left_out_, "; ")));
    }
    return set;
}

std::vector<const Key*> KeySet::find(const std::optional<std::string>& id,
                                     Algorithm algorithm) const {
    std::vector<const Key*> found;
    for (const Key& key : keys_) {
        if (key.admits(algorithm) && (!id || key.id == id)) found.push_back(&key);
    }
    if (found.size() > most_tried) found.clear();
    return found;
}

bool KeySet::has(std::string_view id) const {
    return std::ranges::any_of(keys_, [&](const Key& key) { return key.id == id; });
}

std::optional<FileStamp> stamp_of(const std::string& path) {
    struct stat status{};
    if (stat(path.c_str(), &status) != 0) return std::nullopt;
    return stamp_from(status);
}

KeyFile read_key_file(const std::string& path) {
    // A named pipe would hold up its reader.
    const File file(path, O_RDONLY | O_NONBLOCK);
    struct stat status{};
    if (!file.is_open() || fstat(file.descriptor(), &status) != 0) {
        return {.keys = std::unexpected(file_failure(path))};
    }
    KeyFile read{.stamp = stamp_from(status), .keys = {}};
    if (!S_ISREG(status.st_mode)) {
        read.keys = std::unexpected(failure(path, "it is no file"));
        return read;
    }
    const auto text = content_of(file);
    if (!text) {
        read.keys = std::unexpected(file_failure(path));
    } else if (text->size() > KeySet::most_bytes) {
        read.keys = std::unexpected(failure(path, "it is over 1 MiB"));
    } else {
        read.keys = KeySet::parse(*text);
        if (!read.keys) read.keys = std::unexpected(failure(path, read.keys.error()));
    }
    return read;
}

}  // namespace larder::access
