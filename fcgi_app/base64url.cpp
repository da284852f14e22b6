#include "base64url.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace larder {

namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t none = 64;

constexpr auto values = [] {
    std::array<std::uint8_t, 256> of{};
    of.fill(none);
    for (std::size_t at = 0; at < alphabet.size(); ++at) {
        of[static_cast<unsigned char>(alphabet[at])] = static_cast<std::uint8_t>(at);
    }
    return of;
}();

std::uint8_t value_of(char c) { return values[static_cast<unsigned char>(c)]; }

}  // namespace

std::string to_base64url(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() * 4 + 2) / 3);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char byte : bytes) {
        bits = bits << 8U | static_cast<unsigned char>(byte);
        for (count += 8; count >= 6; count -= 6) text += alphabet[bits >> (count - 6) & 63U];
    }
    if (count > 0) text += alphabet[bits << (6 - count) & 63U];
    return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
    if (text.size() % 4 == 1) return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        const std::uint8_t value = value_of(c);
        if (value == none) return std::nullopt;
        bits = bits << 6U | value;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes += static_cast<char>(bits >> count & 255U);
    }
    const bool is_canonical = (bits & ((1U << count) - 1)) == 0;
    if (!is_canonical) return std::nullopt;
    return bytes;
}

bool has_base64url_characters(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return value_of(c) != none; });
}

}  // namespace larder
