#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>
#include <system_error>

namespace larder {

/// The whole number that `text` is, in decimal digits from its first character to its last; nothing
/// where it is anything else or does not fit. Pure; any thread.
template <std::integral Number>
std::optional<Number> to_number(std::string_view text) {
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace larder
