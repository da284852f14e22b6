#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace larder {

/// A place in a description, counted from 1; a column counts characters.
struct Position {
    std::uint32_t line = 1;
    std::uint32_t column = 1;

    auto operator<=>(const Position&) const = default;
};

/// What is wrong in a description, and what would be right. Line 0: with the file as a whole.
struct Mistake {
    std::string file;
    Position at;
    std::string text;

    /// `file:line:column: what is wrong; what would be right`, for the operator. One line.
    std::string message() const;
};

/// Sorts by file and place.
void sort_mistakes(std::vector<Mistake>& mistakes);

/// The one of `known` that `word` was most probably meant to be; empty: none comes near. By edit
/// distance, where a swap of neighbours counts as one edit.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

/// What a name looks like in a message: with marks around it, cut off where it is long, and with
/// nothing that would break the line.
std::string shown(std::string_view name);

}  // namespace larder
