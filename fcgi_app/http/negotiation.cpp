#include "http/negotiation.hpp"

#include <algorithm>
#include <tuple>
#include <vector>

#include "http/request.hpp"

namespace larder::http {

namespace {

constexpr int full_weight = 1000;

std::string_view trimmed(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    return text.substr(0, text.find_last_not_of(" \t") + 1);
}

/// Takes what comes before the next `mark` outside of quotes, with the mark.
std::string_view take_until(std::string_view& rest, char mark) {
    bool is_quoted = false;
    std::size_t at = 0;
    for (; at < rest.size(); ++at) {
        if (is_quoted && rest[at] == '\\') {
            ++at;
        } else if (rest[at] == '"') {
            is_quoted = !is_quoted;
        } else if (rest[at] == mark && !is_quoted) {
            break;
        }
    }
    const std::string_view part = rest.substr(0, at);
    rest.remove_prefix(std::min(at + 1, rest.size()));
    return trimmed(part);
}

/// In thousandths; nothing: malformed. At most three digits follow the point (section 12.4.2).
std::optional<int> weight_from(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
    if (text.size() > 1 && text[1] != '.') return std::nullopt;
    int weight = text[0] == '1' ? full_weight : 0;
    int unit = full_weight;
    for (const char c : text.substr(std::min<std::size_t>(2, text.size()))) {
        if (c < '0' || c > '9') return std::nullopt;
        unit /= 10;
        weight += (c - '0') * unit;
    }
    return weight > full_weight ? std::nullopt : std::optional(weight);
}

struct Range {
    std::string_view type;
    int weight = full_weight;
};

std::optional<Range> range_from(std::string_view text) {
    Range range{.type = take_until(text, ';')};
    while (!text.empty()) {
        const std::string_view parameter = take_until(text, ';');
        if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
        const auto weight = weight_from(parameter.substr(2));
        if (!weight) return std::nullopt;
        range.weight = *weight;
    }
    return range;
}

/// How specific a range is that has the type; 0: it has not.
int specificity(std::string_view range, std::string_view type) {
    if (is_media_type(range, type)) return 3;
    if (range == "*/*") return 1;
    const std::string_view family = type.substr(0, type.find('/') + 1);
    const bool is_of_family =
        range.ends_with("/*") && is_media_type(range.substr(0, range.size() - 1), family);
    return is_of_family ? 2 : 0;
}

}  // namespace

std::optional<std::size_t> preferred(std::string_view accept,
                                     std::span<const std::string_view> types) {
    std::vector<Range> ranges;
    while (!accept.empty()) {
        if (const auto range = range_from(take_until(accept, ','))) ranges.push_back(*range);
    }
    std::optional<std::size_t> best;
    std::tuple best_rank(0, 0);
    for (std::size_t i = 0; i < types.size(); ++i) {
        std::tuple rank(0, 0);  // of the most specific range: specificity, weight
        for (const Range& range : ranges) {
            rank = std::max(rank, std::tuple(specificity(range.type, types[i]), range.weight));
        }
        const auto [specific, weight] = rank;
        if (specific == 0 || weight == 0 || std::tuple(weight, specific) <= best_rank) continue;
        best_rank = {weight, specific};
        best = i;
    }
    return best;
}

}  // namespace larder::http
