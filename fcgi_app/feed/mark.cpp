#include "feed/mark.hpp"

#include <fmt/format.h>

#include "number.hpp"

namespace larder {

std::string to_text(const Mark& mark) {
    return fmt::format("{} {} {}", mark.host, mark.epoch, mark.rows);
}

std::optional<Mark> parse_mark(std::string_view text) {
    const auto first = text.find(' ');
    if (first == text.npos) return std::nullopt;
    const auto second = text.find(' ', first + 1);
    if (second == text.npos) return std::nullopt;
    const auto epoch = to_number<std::uint64_t>(text.substr(first + 1, second - first - 1));
    const auto rows = to_number<std::size_t>(text.substr(second + 1));
    if (!epoch || !rows) return std::nullopt;
    return Mark{.host = std::string(text.substr(0, first)), .epoch = *epoch, .rows = *rows};
}

}  // namespace larder
