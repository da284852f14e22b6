#include "bulk/spreadsheet.hpp"

#include <algorithm>
#include <array>

namespace larder::bulk {

namespace {

constexpr std::array<std::string_view, 11> beginnings = {"=",  "+",  "-",  "@",  "\t", "\r",
                                                         "\n", "＝", "＋", "－", "＠"};

}  // namespace

std::string for_spreadsheet(std::string_view line) {
    std::string safe;
    safe.reserve(line.size() + 16);
    bool is_quoted = false;
    for (std::size_t at = 0; at < line.size(); ++at) {
        safe += line[at];
        if (line[at] != '"') continue;
        const std::string_view rest = line.substr(at + 1);
        if (is_quoted && rest.starts_with('"')) {
            safe += line[++at];
            continue;
        }
        is_quoted = !is_quoted;
        const bool is_formula = is_quoted && std::ranges::any_of(beginnings, [&](auto beginning) {
                                    return rest.starts_with(beginning);
                                });
        if (is_formula) safe += '\'';
    }
    return safe;
}

}  // namespace larder::bulk
