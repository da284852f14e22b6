#include "http/conditional.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>

namespace larder::http {

namespace {

/// Whether the list of entity tags in `header` has `tag`. A tag may hold commas, so the list is
/// read tag by tag and not split at commas.
bool lists_tag(std::string_view header, std::string_view tag, bool weak_counts) {
    if (header == "*") return true;
    for (;;) {
        header.remove_prefix(std::min(header.find_first_not_of(" \t,"), header.size()));
        const bool weak = header.starts_with("W/");
        if (weak) header.remove_prefix(2);
        if (!header.starts_with('"')) return false;
        const std::size_t end = header.find('"', 1);
        if (end == header.npos) return false;
        if (header.substr(0, end + 1) == tag && (weak_counts || !weak)) return true;
        header.remove_prefix(end + 1);
    }
}

}  // namespace

std::string entity_tag(std::string_view json) {
    return fmt::format("\"{:016x}\"", XXH3_64bits(json.data(), json.size()));
}

bool if_none_match_names(std::string_view header, std::string_view tag) {
    return !header.empty() && lists_tag(header, tag, true);
}

bool if_match_passes(std::string_view header, std::string_view tag) {
    return header.empty() || lists_tag(header, tag, false);
}

}  // namespace larder::http
