#include "http/target.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "catalog/identifier.hpp"
#include "fuzz/json_judge.hpp"
#include "fuzz/target.hpp"
#include "http/request.hpp"
#include "percent.hpp"

using namespace larder;

namespace {

constexpr std::string_view upper_hex = "0123456789ABCDEF";

int hex_value(char c) {
    const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c + ('a' - 'A')) : c;
    const auto at = std::string_view("0123456789abcdef").find(lower);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

std::string decoded(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const bool is_escape = text.size() >= 3 && text[0] == '%' && hex_value(text[1]) >= 0 &&
                               hex_value(text[2]) >= 0;
        out +=
            is_escape ? static_cast<char>(hex_value(text[1]) * 16 + hex_value(text[2])) : text[0];
        text.remove_prefix(is_escape ? 3 : 1);
    }
    return out;
}

std::string encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        out += {'%', upper_hex[byte >> 4U], upper_hex[byte & 15U]};
    }
    return out;
}

std::vector<std::string> segments_of(std::string_view path) {
    std::vector<std::string> segments;
    if (path.starts_with('/')) path.remove_prefix(1);
    if (path.empty()) return segments;
    for (;;) {
        segments.push_back(decoded(path.substr(0, path.find('/'))));
        if (path.find('/') == path.npos) return segments;
        path.remove_prefix(path.find('/') + 1);
    }
}

bool is_text(std::string_view segment) {
    return fuzz::is_utf8_text(segment) && segment.find('\0') == segment.npos;
}

void check_path(std::string_view path, const http::Target& target) {
    MUST(target.segments == segments_of(path));
    MUST(target.is_text == std::ranges::all_of(target.segments, is_text));
    std::string again;
    for (const std::string& segment : target.segments) again += '/' + encoded(segment);
    MUST(http::parse_target(again).segments == target.segments);
    for (const std::string& segment : target.segments) {
        for (const IdType type : {IdType::integer, IdType::uuid}) {
            const auto id = canonical_id(type, segment);
            MUST(!id || (id->size() == segment.size() && canonical_id(type, *id) == id));
        }
    }
}

/// The query written anew with `name` in front has that value for the name, whatever follows.
void check_parameter(const http::Target& target, std::string_view name, std::string_view value) {
    const std::string query =
        "/?" + encoded(name) + '=' + encoded(value) + '&' + std::string(target.query);
    MUST(http::parse_target(query).parameter(name) == std::optional<std::string>(value));
    const auto found = target.parameter(name);
    MUST(!found || found->size() <= target.query.size());
}

void check_media_type(std::string_view text) {
    if (!http::is_media_type(text, http::merge_patch_type)) return;
    std::string again(text);
    std::ranges::transform(again, again.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    MUST(http::is_media_type(again, http::merge_patch_type));
    MUST(http::is_media_type("\t" + again + " ; charset=x", http::merge_patch_type));
}

}  // namespace

FUZZ_TARGET(target) {
    MUST(percent_decoded(input) == decoded(input));
    MUST(percent_decoded(encoded(input)) == input);
    const auto target = http::parse_target(input);
    const auto mark = std::min(input.find('?'), input.size());
    MUST(target.query == input.substr(std::min(mark + 1, input.size())));
    check_path(input.substr(0, mark), target);
    const std::string_view path = input.substr(0, mark);
    check_parameter(target, "limit", path);
    check_parameter(target, path, "10");
    check_media_type(input);
    const auto method = http::method_from(input);
    MUST(method == http::Method::other || http::name_of(method) == input);
}
