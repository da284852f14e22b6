#include "http/origin.hpp"

#include <algorithm>

namespace larder::http {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_but_for_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view without_default_port(std::string_view authority) {
    for (const std::string_view port : {":80", ":443"}) {
        if (authority.ends_with(port)) return authority.substr(0, authority.size() - port.size());
    }
    return authority;
}

}  // namespace

bool is_own_origin(std::string_view origin, std::string_view host) {
    const std::size_t mark = origin.find("://");
    if (mark == origin.npos || host.empty()) return false;
    const std::string_view scheme = origin.substr(0, mark);
    if (!equal_but_for_case(scheme, "http") && !equal_but_for_case(scheme, "https")) return false;
    return equal_but_for_case(without_default_port(origin.substr(mark + 3)),
                              without_default_port(host));
}

Expected<void> check_origin(const Request& request) {
    if (request.is_origin_allowed) return {};
    if (!request.origin.empty() && !is_own_origin(request.origin, request.host)) {
        return fail(ErrorKind::forbidden,
                    "A page of another origin must not change anything here: Origin does not match"
                    " Host, and is not in CORS_ORIGINS.");
    }
    if (equal_but_for_case(request.sec_fetch_site, "cross-site")) {
        return fail(ErrorKind::forbidden,
                    "A page of another site must not change anything here: Sec-Fetch-Site is"
                    " cross-site.");
    }
    return {};
}

}  // namespace larder::http
