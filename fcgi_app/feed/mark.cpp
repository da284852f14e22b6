#include "feed/mark.hpp"

#include <fmt/format.h>

#include <charconv>

namespace larder {

std::string to_text(const Mark& mark) { return fmt::format("{} {}", mark.host, mark.epoch); }

std::optional<Mark> parse_mark(std::string_view text) {
    const auto space = text.find(' ');
    if (space == text.npos) return std::nullopt;
    Mark mark{.host = std::string(text.substr(0, space))};
    text.remove_prefix(space + 1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mark.epoch);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return mark;
}

}  // namespace larder
