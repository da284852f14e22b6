#include "access/loggable_text.hpp"

#include <algorithm>

namespace larder::access {

std::string loggable_text(std::string_view text, std::size_t most) {
    std::string result(text.substr(0, most));
    const auto is_odd = [](char c) { return c <= ' ' || c > '~' || c == '"' || c == '\\'; };
    std::ranges::replace_if(result, is_odd, '?');
    return result;
}

}  // namespace larder::access
