#include "feed/mark.hpp"

#include <fmt/format.h>

#include "number.hpp"

namespace larder {

std::string to_text(const Mark& mark) { return fmt::format("{} {}", mark.host, mark.epoch); }

std::optional<Mark> parse_mark(std::string_view text) {
    const auto space = text.find(' ');
    if (space == text.npos) return std::nullopt;
    const auto epoch = to_number<std::uint64_t>(text.substr(space + 1));
    if (!epoch) return std::nullopt;
    return Mark{.host = std::string(text.substr(0, space)), .epoch = *epoch};
}

}  // namespace larder
