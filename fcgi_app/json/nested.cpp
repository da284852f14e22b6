#include "json/nested.hpp"

#include <algorithm>
#include <cstddef>

namespace larder::json {

namespace {

constexpr std::string_view space = " \t\r\n";

std::string_view trimmed(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(space), text.size()));
    text.remove_suffix(text.size() - (text.find_last_not_of(space) + 1));
    return text;
}

/// Where the string that begins at `at` ends.
std::size_t end_of_string(std::string_view text, std::size_t at) {
    for (++at; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
    }
    return at;
}

}  // namespace

std::vector<std::string_view> elements_of(std::string_view array) {
    array = trimmed(array);
    if (array.size() < 2) return {};
    const std::string_view inside = trimmed(array.substr(1, array.size() - 2));
    if (inside.empty()) return {};
    std::vector<std::string_view> elements;
    std::size_t begin = 0;
    std::size_t depth = 0;
    for (std::size_t at = 0; at < inside.size(); ++at) {
        const char c = inside[at];
        if (c == '"') at = end_of_string(inside, at);
        if (c == '[' || c == '{') ++depth;
        if (c == ']' || c == '}') --depth;
        if (c != ',' || depth != 0) continue;
        elements.push_back(trimmed(inside.substr(begin, at - begin)));
        begin = at + 1;
    }
    elements.push_back(trimmed(inside.substr(begin)));
    return elements;
}

}  // namespace larder::json
