#include "feed/mark.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "number.hpp"

namespace larder {

std::string to_text(const Mark& mark) {
    return fmt::format("{} {} {}{}{}", mark.host, mark.epoch, mark.rows,
                       mark.form.empty() ? "" : " ", mark.form);
}

std::string to_text(const ImportMark& mark) {
    return fmt::format("{} {} {}", mark.host, mark.form, mark.collection);
}

std::optional<ImportMark> parse_import_mark(std::string_view text) {
    const auto first = text.find(' ');
    if (first == text.npos) return std::nullopt;
    const auto second = text.find(' ', first + 1);
    if (second == text.npos || text.find(' ', second + 1) != text.npos) return std::nullopt;
    return ImportMark{.host = std::string(text.substr(0, first)),
                      .form = std::string(text.substr(first + 1, second - first - 1)),
                      .collection = std::string(text.substr(second + 1))};
}

std::optional<Mark> parse_mark(std::string_view text) {
    const auto first = text.find(' ');
    if (first == text.npos) return std::nullopt;
    const auto second = text.find(' ', first + 1);
    if (second == text.npos) return std::nullopt;
    const auto epoch = to_number<std::uint64_t>(text.substr(first + 1, second - first - 1));
    const auto third = std::min(text.find(' ', second + 1), text.size());
    const auto rows = to_number<std::size_t>(text.substr(second + 1, third - second - 1));
    const auto form = text.substr(std::min(third + 1, text.size()));
    const bool has_form = third != text.size();
    if (!epoch || !rows || has_form == form.empty() || form.contains(' ')) return std::nullopt;
    return Mark{.host = std::string(text.substr(0, first)),
                .epoch = *epoch,
                .rows = *rows,
                .form = std::string(form)};
}

}  // namespace larder
