#include "catalog/mistakes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace larder {

namespace {

std::size_t edits(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> cost(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                cost[i][j] = i + j;
                continue;
            }
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            cost[i][j] =
                std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
            }
        }
    }
    return cost[a.size()][b.size()];
}

}  // namespace

std::string Mistake::message() const {
    if (at.line == 0) return fmt::format("{}: {}", file, text);
    return fmt::format("{}:{}:{}: {}", file, at.line, at.column, text);
}

void sort_mistakes(std::vector<Mistake>& mistakes) {
    std::ranges::stable_sort(mistakes, {}, [](const Mistake& one) {
        return std::tie(one.file, one.at.line, one.at.column);
    });
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
    constexpr std::size_t longest = 64;  // no key is longer, and the table of costs stays small
    if (word.size() > longest) return {};
    std::string_view best;
    std::size_t least = std::min<std::size_t>(2, word.size() / 2) + 1;
    for (const std::string_view one : known) {
        const std::size_t cost = edits(word, one);
        if (cost < least) {
            least = cost;
            best = one;
        }
    }
    return best;
}

std::string shown(std::string_view name) {
    constexpr std::size_t most = 60;  // bytes
    std::string text = "`";
    for (const char c : name.substr(0, most)) {
        const auto byte = static_cast<unsigned char>(c);
        text += byte < 0x20 || byte == 0x7F ? '?' : c;
    }
    // Never a part of a character.
    if (name.size() > most) {
        while (text.size() > 1 && (text.back() & 0xC0) == 0x80) text.pop_back();
        if ((text.back() & 0x80) != 0) text.pop_back();
        text += "…";
    }
    return text + '`';
}

}  // namespace larder
