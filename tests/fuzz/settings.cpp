#include "settings.hpp"

#include <map>
#include <string>

#include "fuzz/input.hpp"
#include "fuzz/target.hpp"

using namespace larder;

namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

/// Lines of NAME=value.
Variables variables_in(std::string_view text) {
    Variables variables;
    fuzz::Input input(text);
    while (!input.is_empty()) {
        fuzz::Input line(input.until('\n'));
        const std::string name(line.until('='));
        const std::string_view value = line.rest();
        variables[name] = value.substr(0, value.find('\0'));  // as an environment has it
    }
    return variables;
}

std::expected<Settings, std::string> loaded(const Variables& variables) {
    return load_settings([&](const char* name) {
        const auto found = variables.find(std::string_view(name));
        return found == variables.end() ? nullptr : found->second.c_str();
    });
}

bool is_port(int port) { return port >= 1 && port <= 65535; }

void check_redis(const RedisAddress& address) {
    MUST(address.database >= 0);
    MUST(address.socket.empty() || address.socket.starts_with('/'));
    MUST(is_port(address.port));
    for (const SentinelAddress& sentinel : address.sentinels) {
        MUST(!sentinel.host.empty());
        MUST(is_port(sentinel.port));
    }
    MUST(address.sentinels.empty() == address.master.empty());
}

void check_bounds(const Settings& settings) {
    MUST(is_port(settings.api_port));
    MUST(settings.cache_ttl_seconds >= 0);
    MUST(settings.item_cache_ttl >= 0);
    MUST(settings.list_cache_ttl >= 0);
    MUST(settings.workers >= 0);
    MUST(settings.store_threads >= 1);
    MUST(settings.queue_limit >= 1);
    MUST(settings.body_limit_bytes >= 1);
    MUST(settings.redis_timeout_ms >= 1);
    MUST(!settings.run_dir.empty());
    MUST(!settings.database_url.empty());
    MUST(!settings.direct_database_url.empty());
    check_redis(settings.redis);
}

/// A refusal is one line that begins with the name of a setting which was given, and it does not
/// repeat the value.
void check_refusal(const std::string& why, const Variables& variables) {
    MUST(why.find('\n') == std::string::npos);
    const auto name = why.substr(0, why.find(' '));
    const auto found = variables.find(name);
    MUST(found != variables.end() && !found->second.empty());
    const auto other = loaded({{name, "\x02"}});  // a refusal's own words may be a value
    MUST(found->second.size() < 24 || why.find(found->second) == std::string::npos ||
         (!other && other.error().find(found->second) != std::string::npos));
}

}  // namespace

FUZZ_TARGET(settings) {
    const Variables variables = variables_in(input);
    const auto settings = loaded(variables);
    if (settings) {
        check_bounds(*settings);
    } else {
        check_refusal(settings.error(), variables);
    }
    if (const auto address = parse_redis_url(input)) check_redis(*address);
}
