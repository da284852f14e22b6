// A version, a digest, and for each value 0 (null) or 1, the length in two bytes and the text, in
// base64url (RFC 4648, section 5) without padding.

#include "query/cursor.hpp"

#include <xxhash.h>

#include <cstdint>

#include "base64url.hpp"
#include "json/text.hpp"

namespace larder::query {

namespace {

constexpr char version = 1;
constexpr std::size_t digest_size = 8;

std::string digest(std::string_view values, std::string_view binding) {
    std::string all(1, version);
    all.append(binding).append(1, '\0').append(values);
    auto hash = XXH3_64bits(all.data(), all.size());
    std::string bytes;
    for (std::size_t i = 0; i < digest_size; ++i, hash >>= 8U) {
        bytes += static_cast<char>(hash & 255U);
    }
    return bytes;
}

std::optional<Position> values_of(std::string_view bytes) {
    Position position;
    while (!bytes.empty()) {
        const bool is_text = bytes[0] == 1;
        if (!is_text && bytes[0] != 0) return std::nullopt;
        bytes.remove_prefix(1);
        if (!is_text) {
            position.emplace_back();
            continue;
        }
        if (bytes.size() < 2) return std::nullopt;
        const auto length = static_cast<std::size_t>(static_cast<unsigned char>(bytes[0])) << 8U |
                            static_cast<unsigned char>(bytes[1]);
        bytes.remove_prefix(2);
        const std::string_view value = bytes.substr(0, length);
        if (value.size() != length || !json::is_utf8(value) || value.contains('\0')) {
            return std::nullopt;
        }
        position.emplace_back(value);
        bytes.remove_prefix(length);
    }
    return position;
}

}  // namespace

std::string cursor_of(const Position& position, std::string_view binding) {
    std::string values;
    for (const auto& value : position) {
        values += static_cast<char>(value.has_value());
        if (!value) continue;
        values += static_cast<char>(value->size() >> 8U & 255U);
        values += static_cast<char>(value->size() & 255U);
        values += *value;
    }
    return to_base64url(version + digest(values, binding) + values);
}

std::optional<Position> position_of(std::string_view cursor, std::string_view binding,
                                    std::size_t keys) {
    const auto bytes = from_base64url(cursor);
    if (!bytes || bytes->size() <= 1 + digest_size || bytes->front() != version) {
        return std::nullopt;
    }
    const std::string_view values = std::string_view(*bytes).substr(1 + digest_size);
    if (std::string_view(*bytes).substr(1, digest_size) != digest(values, binding)) {
        return std::nullopt;
    }
    auto position = values_of(values);
    if (!position || position->size() != keys || !position->back()) return std::nullopt;
    return position;
}

}  // namespace larder::query
