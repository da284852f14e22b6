#include "cache/redis_address.hpp"

#include "number.hpp"
#include "percent.hpp"

namespace larder {

namespace {

bool read_database(std::string_view text, int& database) {
    const auto number = to_number<int>(text);
    database = number.value_or(-1);
    return database >= 0;
}

/// Takes the login off the front of `rest`.
bool read_login(std::string_view& rest, RedisAddress& address) {
    const auto at = rest.rfind('@');
    if (at == rest.npos) return true;
    const std::string_view login = rest.substr(0, at);
    rest.remove_prefix(at + 1);
    const auto colon = login.find(':');
    if (colon == login.npos) return false;
    address.user = percent_decoded(login.substr(0, colon));
    address.password = percent_decoded(login.substr(colon + 1));
    return true;
}

/// Reads `host[:port]`; without a port `port` stays as it is.
bool read_host(std::string_view text, std::string& host, int& port) {
    std::size_t host_end = text.rfind(':');
    if (text.starts_with('[')) {
        const auto bracket = text.find(']');
        if (bracket == text.npos) return false;
        host = text.substr(1, bracket - 1);
        host_end = bracket + 1 == text.size() ? text.npos : bracket + 1;
    } else {
        host = text.substr(0, host_end);
    }
    if (host_end != text.npos) {
        if (text[host_end] != ':') return false;
        port = to_number<int>(text.substr(host_end + 1)).value_or(0);
    }
    return !host.empty() && port >= 1 && port <= 65535;
}

bool read_unix(std::string_view rest, RedisAddress& address) {
    const std::size_t mark = rest.find("?db=");
    address.socket = rest.substr(0, mark);
    return address.socket.starts_with('/') &&
           (mark == rest.npos || read_database(rest.substr(mark + 4), address.database));
}

bool read_tcp(std::string_view rest, RedisAddress& address) {
    if (!read_login(rest, address)) return false;
    if (const auto slash = rest.find('/'); slash != rest.npos) {
        const std::string_view database = rest.substr(slash + 1);
        if (!database.empty() && !read_database(database, address.database)) return false;
        rest = rest.substr(0, slash);
    }
    return read_host(rest, address.host, address.port);
}

bool read_sentinels(std::string_view rest, RedisAddress& address) {
    if (!read_login(rest, address)) return false;
    if (const auto mark = rest.find("?db="); mark != rest.npos) {
        if (!read_database(rest.substr(mark + 4), address.database)) return false;
        rest = rest.substr(0, mark);
    }
    const auto slash = rest.find('/');
    if (slash == rest.npos || slash + 1 == rest.size()) return false;
    address.master = percent_decoded(rest.substr(slash + 1));
    rest = rest.substr(0, slash);
    for (std::size_t comma = 0; comma != rest.npos;) {
        comma = rest.find(',');
        SentinelAddress& one = address.sentinels.emplace_back();
        if (!read_host(rest.substr(0, comma), one.host, one.port)) return false;
        if (comma != rest.npos) rest.remove_prefix(comma + 1);
    }
    return true;
}

struct Scheme {
    std::string_view name;
    bool (*read)(std::string_view rest, RedisAddress& address);
};

constexpr Scheme schemes[] = {
    {"redis://", read_tcp}, {"unix://", read_unix}, {"sentinel://", read_sentinels}};

}  // namespace

std::expected<RedisAddress, std::string> parse_redis_url(std::string_view url) {
    for (const auto& [name, read] : schemes) {
        RedisAddress address;
        if (url.starts_with(name) && read(url.substr(name.size()), address)) return address;
    }
    return std::unexpected<std::string>(
        "must be redis://[user:password@]host[:port][/db], unix:///path[?db=number] or"
        " sentinel://[user:password@]host[:port][,host[:port]...]/master[?db=number]");
}

}  // namespace larder
