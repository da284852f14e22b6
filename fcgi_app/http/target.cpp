#include "http/target.hpp"

#include <algorithm>

#include "json/text.hpp"
#include "percent.hpp"

namespace larder::http {

namespace {

std::string form_decoded(std::string text) {
    std::ranges::replace(text, '+', ' ');
    return percent_decoded(text);
}

}  // namespace

std::optional<std::string> Target::parameter(std::string_view name) const {
    std::string_view rest = query;
    while (!rest.empty()) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
        const std::size_t equals = std::min(pair.find('='), pair.size());
        if (form_decoded(std::string(pair.substr(0, equals))) != name) continue;
        return form_decoded(std::string(pair.substr(std::min(equals + 1, pair.size()))));
    }
    return std::nullopt;
}

Target parse_target(std::string_view text) {
    Target target;
    const std::size_t mark = std::min(text.find('?'), text.size());
    std::string_view path = text.substr(0, mark);
    target.query = text.substr(std::min(mark + 1, text.size()));
    if (path.starts_with('/')) path.remove_prefix(1);
    while (!path.empty()) {
        const std::size_t slash = path.find('/');
        target.segments.push_back(percent_decoded(path.substr(0, slash)));
        const std::string& segment = target.segments.back();
        if (!json::is_utf8(segment) || segment.contains('\0')) target.is_text = false;
        if (slash == path.npos) break;
        path.remove_prefix(slash + 1);
        if (path.empty()) target.segments.emplace_back();
    }
    return target;
}

}  // namespace larder::http
