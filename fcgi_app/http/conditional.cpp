#include "http/conditional.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <utility>

namespace larder::http {

namespace {

std::string_view trimmed(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    return text.substr(0, text.find_last_not_of(" \t") + 1);
}

/// Takes one tag from the front of `text`; nothing: there is none.
std::optional<EntityTag> take_tag(std::string_view& text) {
    std::string_view rest = text;
    EntityTag tag{.opaque = {}, .is_weak = rest.starts_with("W/")};
    if (tag.is_weak) rest.remove_prefix(2);
    if (!rest.starts_with('"')) return std::nullopt;
    const std::size_t end = rest.find('"', 1);
    if (end == rest.npos) return std::nullopt;
    tag.opaque = rest.substr(0, end + 1);
    const bool is_clean = std::ranges::all_of(tag.opaque, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte > ' ' && byte != 0x7F;
    });
    if (!is_clean) return std::nullopt;
    text = rest.substr(end + 1);
    return tag;
}

/// Nothing: malformed. A tag may hold commas, so the list is read tag by tag and not split at
/// commas. Empty elements are allowed (RFC 9110, section 5.6.1.2), a list of nothing else is not.
std::optional<TagList> parse_tags(std::string_view header) {
    std::string_view rest = trimmed(header);
    TagList list;
    if (rest == "*") {
        list.is_any = true;
        return list;
    }
    for (bool is_separated = true;; is_separated = false) {
        while (!rest.empty() &&
               (rest.front() == ',' || rest.front() == ' ' || rest.front() == '\t')) {
            is_separated = is_separated || rest.front() == ',';
            rest.remove_prefix(1);
        }
        if (rest.empty()) break;
        const auto tag = is_separated ? take_tag(rest) : std::nullopt;
        if (!tag) return std::nullopt;
        list.tags.push_back(*tag);
    }
    if (list.tags.empty()) return std::nullopt;
    return list;
}

bool names_weakly(const TagList& list, std::string_view tag) {
    return list.is_any || std::ranges::find(list.tags, tag, &EntityTag::opaque) != list.tags.end();
}

bool names_strongly(const TagList& list, std::string_view tag) {
    return list.is_any || std::ranges::any_of(list.tags, [&](const EntityTag& one) {
               return !one.is_weak && one.opaque == tag;
           });
}

Expected<std::optional<TagList>> parse_field(std::string_view name,
                                             std::optional<std::string_view> value) {
    if (!value) return std::nullopt;
    auto list = parse_tags(*value);
    if (list) return list;
    const bool is_empty = trimmed(*value).empty();
    return fail(ErrorKind::bad_request,
                fmt::format("The header field {} {}: it takes *, or entity tags in quotes, such as"
                            " \"0123456789abcdef\".",
                            name, is_empty ? "is empty" : "is malformed"));
}

}  // namespace

std::string entity_tag(std::string_view json) {
    return fmt::format("\"{:016x}\"", XXH3_64bits(json.data(), json.size()));
}

bool if_none_match_names(std::string_view header, std::string_view tag) {
    if (header.empty()) return false;
    const auto list = parse_tags(header);
    return list && names_weakly(*list, tag);
}

Expected<Preconditions> parse_preconditions(std::optional<std::string_view> if_match,
                                            std::optional<std::string_view> if_none_match) {
    Preconditions result;
    if (!if_match && !if_none_match) return result;
    auto match = parse_field("If-Match", if_match);
    if (!match) return std::unexpected(std::move(match.error()));
    auto none_match = parse_field("If-None-Match", if_none_match);
    if (!none_match) return std::unexpected(std::move(none_match.error()));
    result.if_match = std::move(*match);
    result.if_none_match = std::move(*none_match);
    return result;
}

Expected<void> check(const Preconditions& preconditions, std::string_view tag) {
    if (const auto& match = preconditions.if_match; match && !names_strongly(*match, tag)) {
        if (names_weakly(*match, tag)) {
            return fail(
                ErrorKind::precondition_failed,
                fmt::format("If-Match has the weak tag W/{}, and a weak tag never matches. A"
                            " cache or a proxy on the way has weakened it.",
                            tag));
        }
        const bool only_weak = std::ranges::all_of(match->tags, &EntityTag::is_weak);
        return fail(ErrorKind::precondition_failed,
                    only_weak ? "If-Match has only weak tags, and a weak tag never matches. A cache"
                                " or a proxy on the way has weakened them."
                              : "The record has changed since it was read: its tag is not in"
                                " If-Match.");
    }
    if (const auto& none = preconditions.if_none_match; none && names_weakly(*none, tag)) {
        return fail(ErrorKind::precondition_failed,
                    none->is_any ? "If-None-Match is *, and the record exists."
                                 : "If-None-Match names the present tag of the record.");
    }
    return {};
}

}  // namespace larder::http
