#include "catalog/identifier.hpp"

#include <cstdint>

#include "number.hpp"

namespace larder {

namespace {

std::optional<std::string> integer_id(std::string_view text) {
    const bool canonical =
        to_number<std::int64_t>(text) && text[0] != '-' && (text[0] != '0' || text.size() == 1);
    if (!canonical) return std::nullopt;
    return std::string(text);
}

std::optional<std::string> uuid_id(std::string_view text) {
    constexpr std::string_view shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (text.size() != shape.size()) return std::nullopt;
    std::string id(text);
    for (std::size_t i = 0; i < shape.size(); ++i) {
        char& c = id[i];
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
        const bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (shape[i] == '-' ? c != '-' : !is_hex) return std::nullopt;
    }
    return id;
}

}  // namespace

std::optional<std::string> canonical_id(IdType type, std::string_view text) {
    return type == IdType::integer ? integer_id(text) : uuid_id(text);
}

}  // namespace larder
