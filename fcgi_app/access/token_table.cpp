#include "access/token_table.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "number.hpp"

namespace larder::access {

namespace {

constexpr std::size_t longest_name = 64;
constexpr std::size_t columns = 5;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<Hash> from_hex(std::string_view text) {
    Hash hash{};
    if (text.size() != 2 * hash.size()) return std::nullopt;
    for (std::size_t at = 0; at < hash.size(); ++at) {
        const char* first = text.data() + 2 * at;
        const auto [end, error] = std::from_chars(first, first + 2, hash[at], 16);
        if (error != std::errc{} || end != first + 2) return std::nullopt;
    }
    return hash;
}

}  // namespace

bool is_token_name(std::string_view text) {
    if (text.empty() || text.size() > longest_name || !is_letter(text.front())) return false;
    return std::ranges::all_of(text, [](char c) {
        return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '@' || c == '-';
    });
}

bool TokenTable::add(const std::vector<std::optional<std::string>>& row) {
    if (row.size() != columns || !row[0] || !row[1] || !row[2] || !row[3]) return false;
    const auto hash = from_hex(*row[2]);
    const auto expires = row[4] ? to_number<std::int64_t>(*row[4]) : std::nullopt;
    if (!hash || row[4].has_value() != expires.has_value()) return false;
    entries_.push_back({.hash = *hash,
                        .identity = {.kind = IdentityKind::token,
                                     .id = *row[0],
                                     .name = *row[1],
                                     .roles = roles_in(*row[3], ','),
                                     .expires = expires}});
    return true;
}

void TokenTable::finish() { std::ranges::sort(entries_, {}, &Entry::hash); }

const Identity* TokenTable::find(const Hash& hash) const {
    const auto found = std::ranges::lower_bound(entries_, hash, {}, &Entry::hash);
    return found == entries_.end() || found->hash != hash ? nullptr : &found->identity;
}

Verdict TokenTable::judge(std::string_view token, std::int64_t now) const {
    const Identity* identity = find(hash_of(token));
    if (identity == nullptr) return std::unexpected(Refusal::unknown);
    if (!identity->is_valid_at(now)) return std::unexpected(Refusal::expired);
    return *identity;
}

}  // namespace larder::access
