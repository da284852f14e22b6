#include "http/idempotency_key.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace larder::http {

namespace {

bool is_printable(char c) { return c >= ' ' && c <= '~'; }

/// The text in quotes; nothing: it has not the form of RFC 8941.
std::optional<std::string> unquoted(std::string_view field) {
    std::string text;
    for (std::size_t at = 1; at < field.size(); ++at) {
        if (field[at] == '"') return at + 1 == field.size() ? std::optional(text) : std::nullopt;
        if (field[at] == '\\') {
            ++at;
            if (at == field.size() || (field[at] != '"' && field[at] != '\\')) return std::nullopt;
        }
        text += field[at];
    }
    return std::nullopt;
}

std::optional<std::string> key_of(std::string_view field) {
    field.remove_prefix(std::min(field.find_first_not_of(" \t"), field.size()));
    field = field.substr(0, field.find_last_not_of(" \t") + 1);
    const auto key = field.starts_with('"') ? unquoted(field) : std::optional(std::string(field));
    const bool is_bare = !field.starts_with('"');
    if (!key || key->empty() || key->size() > longest_idempotency_key ||
        !std::ranges::all_of(*key, is_printable) ||
        (is_bare && field.find_first_of("\",;") != field.npos)) {
        return std::nullopt;
    }
    return key;
}

}  // namespace

Expected<std::string> parse_idempotency_key(std::string_view field) {
    if (auto key = key_of(field)) return std::move(*key);
    return fail(ErrorKind::bad_request,
                fmt::format("The header field Idempotency-Key takes one key of 1 to {} printable"
                            " ASCII characters in quotes, such as"
                            " \"8e03978e-40d5-43dd-bc93-6894a57f9324\".",
                            longest_idempotency_key));
}

}  // namespace larder::http
