#include "cache/redis_address.hpp"

#include "number.hpp"

namespace larder {

namespace {

bool read_number(std::string_view text, int& value) {
    const auto number = to_number<int>(text);
    if (number) value = *number;
    return number && *number >= 0;
}

std::unexpected<std::string> refusal() {
    return std::unexpected<std::string>(
        "must be redis://[user:password@]host[:port][/db] or unix:///path[?db=number]");
}

std::expected<RedisAddress, std::string> parse_unix(std::string_view rest) {
    RedisAddress address;
    const std::size_t mark = rest.find("?db=");
    address.socket = rest.substr(0, mark);
    if (address.socket.empty() || address.socket.front() != '/') return refusal();
    if (mark != rest.npos && !read_number(rest.substr(mark + 4), address.database)) {
        return refusal();
    }
    return address;
}

std::expected<RedisAddress, std::string> parse_tcp(std::string_view rest) {
    RedisAddress address;
    if (const auto at = rest.rfind('@'); at != rest.npos) {
        const std::string_view login = rest.substr(0, at);
        rest.remove_prefix(at + 1);
        const auto colon = login.find(':');
        if (colon == login.npos) return refusal();
        address.user = login.substr(0, colon);
        address.password = login.substr(colon + 1);
    }
    if (const auto slash = rest.find('/'); slash != rest.npos) {
        const std::string_view database = rest.substr(slash + 1);
        if (!database.empty() && !read_number(database, address.database)) return refusal();
        rest = rest.substr(0, slash);
    }
    if (const auto colon = rest.rfind(':'); colon != rest.npos) {
        if (!read_number(rest.substr(colon + 1), address.port)) return refusal();
        rest = rest.substr(0, colon);
    }
    if (rest.empty() || address.port < 1 || address.port > 65535) return refusal();
    address.host = rest;
    return address;
}

}  // namespace

std::expected<RedisAddress, std::string> parse_redis_url(std::string_view url) {
    constexpr std::string_view unix_scheme = "unix://";
    constexpr std::string_view tcp_scheme = "redis://";
    if (url.starts_with(unix_scheme)) return parse_unix(url.substr(unix_scheme.size()));
    if (url.starts_with(tcp_scheme)) return parse_tcp(url.substr(tcp_scheme.size()));
    return refusal();
}

}  // namespace larder
