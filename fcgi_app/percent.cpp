#include "percent.hpp"

#include <charconv>

namespace larder {

std::string percent_decoded(std::string_view text) {
    if (!text.contains('%')) return std::string(text);
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned char byte = 0;
        if (text[i] == '%' && i + 2 < text.size()) {
            const auto [end, error] =
                std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16);
            if (error == std::errc{} && end == text.data() + i + 3) {
                out += static_cast<char>(byte);
                i += 2;
                continue;
            }
        }
        out += text[i];
    }
    return out;
}

}  // namespace larder
