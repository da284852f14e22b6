#include "http/request.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace larder::http {

namespace {

constexpr std::array<std::pair<std::string_view, Method>, 7> names = {{
    {"GET", Method::get},
    {"HEAD", Method::head},
    {"OPTIONS", Method::options},
    {"POST", Method::post},
    {"PUT", Method::put},
    {"PATCH", Method::patch},
    {"DELETE", Method::remove},
}};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

Method method_from(std::string_view name) {
    const auto* found = std::ranges::find(names, name, &std::pair<std::string_view, Method>::first);
    return found == names.end() ? Method::other : found->second;
}

std::string_view name_of(Method method) {
    const auto* found =
        std::ranges::find(names, method, &std::pair<std::string_view, Method>::second);
    return found == names.end() ? "other" : found->first;
}

Expected<void> check_content_encoding(std::string_view content_encoding) {
    for (std::string_view rest = content_encoding; !rest.empty();) {
        const std::string_view coding = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(coding.size() + 1, rest.size()));
        const bool is_blank = coding.find_first_not_of(" \t") == coding.npos;
        if (is_blank || is_media_type(coding, "identity")) continue;
        return std::unexpected(Error{.kind = ErrorKind::unsupported_media_type,
                                     .detail = "The body must not be compressed: the only"
                                               " Content-Encoding here is identity.",
                                     .headers = "Accept-Encoding: identity\r\n"});
    }
    return {};
}

bool is_media_type(std::string_view content_type, std::string_view expected) {
    std::string_view type = content_type.substr(0, content_type.find(';'));
    type.remove_prefix(std::min(type.find_first_not_of(" \t"), type.size()));
    type = type.substr(0, type.find_last_not_of(" \t") + 1);
    return std::ranges::equal(type, expected, [](char a, char b) { return lower(a) == lower(b); });
}

}  // namespace larder::http
