#include "catalog/syntax.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "json/text.hpp"

namespace larder {

namespace {

Position position_of(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, offset);
    const auto line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
    return {.line = static_cast<std::uint32_t>(std::ranges::count(before, '\n') + 1),
            .column = static_cast<std::uint32_t>(json::code_points(before.substr(line_begin)) + 1)};
}

/// The length of the well-formed UTF-8 at the beginning of `text`.
std::size_t utf8_length(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        std::size_t length = 1;
        while (length < 4 && at + length < text.size() && (text[at + length] & 0xC0) == 0x80) {
            ++length;
        }
        if (!json::is_utf8(text.substr(at, length))) return at;
        at += length;
    }
    return at;
}

/// Goes over a text as far as strings and comments are concerned, and finds where it is nested too
/// deeply. toml++ and the destructors of its tables recurse, once for each level and each dot.
class Nesting {
public:
    explicit Nesting(std::string_view text) : text_(text) {}

    std::optional<std::size_t> too_deep() {
        constexpr int most_open = 16;
        constexpr int most_dots = 64;  // of a line
        int open = 0;
        int dots = 0;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '\n') dots = 0;
            if (c == '.' && ++dots > most_dots) return at_;
            if ((c == '[' || c == '{') && ++open > most_open) return at_;
            if ((c == ']' || c == '}') && open > 0) --open;
            if (c == '#') {
                at_ = std::min(text_.find('\n', at_), text_.size());
            } else if (c == '"' || c == '\'') {
                skip_string(c);
            } else {
                ++at_;
            }
        }
        return std::nullopt;
    }

private:
    void skip_string(char quote) {
        const std::string mark(3, quote);
        const bool is_long = text_.substr(at_).starts_with(mark);
        at_ += is_long ? 3 : 1;
        while (at_ < text_.size()) {
            if (quote == '"' && text_[at_] == '\\') {
                at_ += 2;
            } else if (is_long ? text_.substr(at_).starts_with(mark) : text_[at_] == quote) {
                at_ += is_long ? 3 : 1;
                return;
            } else if (!is_long && text_[at_] == '\n') {
                return;
            } else {
                ++at_;
            }
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

std::unexpected<Mistake> mistake(Position at, std::string text) {
    return std::unexpected(Mistake{.file = {}, .at = at, .text = std::move(text)});
}

/// The message of toml++ without what would break the line.
std::string one_line(std::string_view text) {
    std::string line(text);
    std::ranges::replace_if(line, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
    return line;
}

}  // namespace

std::expected<toml::table, Mistake> parse_toml(std::string_view text) {
    if (const std::size_t sound = utf8_length(text); sound < text.size()) {
        return mistake(position_of(text, sound), "is not UTF-8; save the file as UTF-8");
    }
    if (const auto nul = text.find('\0'); nul != text.npos) {
        return mistake(position_of(text, nul), "has a NUL character; remove it");
    }
    if (const auto deep = Nesting(text).too_deep()) {
        return mistake(position_of(text, *deep),
                       "is nested too deeply; a description has fields and lists, no more");
    }
    toml::parse_result parsed = toml::parse(text);
    if (parsed) return std::move(parsed).table();
    const auto& at = parsed.error().source().begin;
    return mistake({.line = std::max<std::uint32_t>(1, at.line),
                    .column = std::max<std::uint32_t>(1, at.column)},
                   fmt::format("is not TOML: {}; see https://toml.io for the form",
                               one_line(parsed.error().description())));
}

}  // namespace larder
