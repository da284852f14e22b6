#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/document.hpp"

namespace larder::fuzz {

/// What a strict reader of RFC 8259, written from the grammar and with no library, makes of a text.
struct Judgement {
    json::Type root = json::Type::null;
    std::vector<json::Member> members = {};  ///< of the root, as json::parse gives them

    /// A number at any level, and its JSON pointer.
    struct Number {
        std::string pointer;
        std::string text;
    };
    std::vector<Number> numbers = {};
};

/// Nothing: the text has to be refused, by the grammar or by the contract (NUL, half a surrogate
/// pair, a duplicate key, over 32 levels).
std::optional<Judgement> judge(std::string_view text);

/// Whether all of the text is one JSON number.
bool is_json_number(std::string_view text);

/// Whether text is UTF-8, decoded byte by byte from the table of RFC 3629.
bool is_utf8_text(std::string_view text);

}  // namespace larder::fuzz
