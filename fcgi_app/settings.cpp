#include "settings.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <ranges>

#include "number.hpp"

namespace larder {

namespace {

using Assign = std::function<std::string(Settings&, std::string_view)>;

constexpr std::string_view default_resources = "/etc/larder/resources";

constexpr int any_number = std::numeric_limits<int>::max();

Assign text(std::string Settings::* member) {
    return [member](Settings& settings, std::string_view value) {
        settings.*member = value;
        return std::string{};
    };
}

Assign number(int Settings::* member, int least, int most) {
    return [=](Settings& settings, std::string_view value) {
        const auto parsed = to_number<int>(value);
        if (!parsed || *parsed < least || *parsed > most) {
            return fmt::format("must be a whole number from {} to {}", least, most);
        }
        settings.*member = *parsed;
        return std::string{};
    };
}

Assign flag(bool Settings::* member) {
    return [member](Settings& settings, std::string_view value) -> std::string {
        const bool on = value == "true" || value == "1" || value == "yes" || value == "on";
        if (!on && value != "false" && value != "0" && value != "no" && value != "off") {
            return "must be true or false";
        }
        settings.*member = on;
        return {};
    };
}

Assign redis_part(std::string RedisAddress::* member) {
    return [member](Settings& settings, std::string_view value) -> std::string {
        settings.redis.*member = value;
        return {};
    };
}

Assign redis_number(int RedisAddress::* member, int least, int most) {
    return [=](Settings& settings, std::string_view value) {
        Settings parsed;
        auto why = number(&Settings::workers, least, most)(parsed, value);
        settings.redis.*member = parsed.workers;
        return why;
    };
}

Assign jwt_rule(std::string access::JwtRules::* member) {
    return [member](Settings& settings, std::string_view value) -> std::string {
        settings.jwt.*member = value;
        return {};
    };
}

std::string auth_jwks(Settings& settings, std::string_view value) {
    settings.auth_jwks = value;
    return value.starts_with('/') ? "" : "must be an absolute path";
}

std::string redis_url(Settings& settings, std::string_view value) {
    auto address = parse_redis_url(value);
    if (!address) return address.error();
    settings.redis = std::move(*address);
    return {};
}

std::string log_format(Settings& settings, std::string_view value) {
    if (value != "text" && value != "json") return "must be text or json";
    settings.log_format = value == "json" ? LogFormat::json : LogFormat::text;
    return {};
}

/// Whether `text` is an IPv4 or IPv6 address, or a network such as 10.0.0.0/8.
bool is_network(std::string_view text) {
    const auto slash = std::min(text.find('/'), text.size());
    const std::string address(text.substr(0, slash));
    in6_addr parsed{};
    const bool is_4 = inet_pton(AF_INET, address.c_str(), &parsed) == 1;
    if (!is_4 && inet_pton(AF_INET6, address.c_str(), &parsed) != 1) return false;
    if (slash == text.size()) return true;
    const auto bits = to_number<int>(text.substr(slash + 1));
    return bits && *bits >= 0 && *bits <= (is_4 ? 32 : 128);
}

std::string metrics_allow(Settings& settings, std::string_view value) {
    settings.metrics_allow = value;
    if (value == "none") return {};
    for (const auto word : std::views::split(value, ' ')) {
        const std::string_view network(word.begin(), word.end());
        if (!network.empty() && !is_network(network)) {
            return "must be addresses or networks with spaces between them, or none";
        }
    }
    return {};
}

/// Whether `text` is a host name, one after `*.`, or an address (an IPv6 one in brackets).
bool is_server_name(std::string_view text) {
    if (text.starts_with('[') && text.ends_with(']')) {
        return text.contains(':') && is_network(text.substr(1, text.size() - 2));
    }
    if (text.starts_with("*.")) text.remove_prefix(2);
    if (text.ends_with('.')) text.remove_suffix(1);
    if (text.empty()) return false;
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return std::ranges::all_of(std::views::split(text, '.'), [&](const auto& label) {
        const std::string_view word(label.begin(), label.end());
        return !word.empty() && word.find_first_not_of(letters) == word.npos;
    });
}

std::string server_names(Settings& settings, std::string_view value) {
    settings.server_names = value;
    for (const auto word : std::views::split(value, ' ')) {
        const std::string_view name(word.begin(), word.end());
        if (!name.empty() && !is_server_name(name)) {
            return "must be host names or addresses with spaces between them, without a port";
        }
    }
    return {};
}

/// Whether `text` is an origin as a browser sends it (RFC 6454, section 6.2), in any case: a
/// scheme, a host, and perhaps a port.
bool is_origin(std::string_view text) {
    const auto mark = text.find("://");
    if (mark == text.npos || mark == 0) return false;
    constexpr std::string_view in_scheme =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    const std::string_view scheme = text.substr(0, mark);
    const bool is_digit = scheme[0] >= '0' && scheme[0] <= '9';
    if (is_digit || scheme.find_first_not_of(in_scheme) != scheme.npos) {
        return false;
    }
    std::string_view host = text.substr(mark + 3);
    const auto colon = host.find(':', host.starts_with('[') ? host.find(']') : 0);
    if (colon != host.npos) {
        const auto port = to_number<int>(host.substr(colon + 1));
        if (!port || *port < 1 || *port > 65535) return false;
        host = host.substr(0, colon);
    }
    return !host.starts_with('*') && is_server_name(host);
}

std::string cors_origins(Settings& settings, std::string_view value) {
    settings.cors_origins = value;
    if (value == "*") return {};
    for (const auto word : std::views::split(value, ' ')) {
        const std::string_view origin(word.begin(), word.end());
        if (!origin.empty() && !is_origin(origin)) {
            return "must be origins such as https://app.example:8443, with spaces between them and"
                   " without a path, or *";
        }
    }
    return {};
}

std::string public_path(Settings& settings, std::string_view value) {
    constexpr std::string_view letters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
    settings.public_path = value;
    const bool is_path =
        value.size() > 1 && value.starts_with('/') &&
        std::ranges::all_of(std::views::split(value.substr(1), '/'), [&](const auto& word) {
            const std::string_view segment(word.begin(), word.end());
            return !segment.empty() && segment != "." && segment != ".." &&
                   segment.find_first_not_of(letters) == segment.npos;
        });
    return is_path ? "" : "must be a path such as /api, without a slash at its end";
}

std::string rate_limit(Settings& settings, std::string_view value) {
    settings.rate_limit = value;
    const auto slash = std::min(value.find('/'), value.size());
    const auto unit = value.substr(slash);
    const auto count = to_number<int>(value.substr(0, slash));
    const bool is_rate =
        (unit == "/s" || unit == "/min") && count && *count >= 1 && *count <= 1000000;
    return is_rate ? "" : "must be a number from 1 to 1000000 with /s or /min, such as 100/s";
}

}  // namespace

// In the order in which they are applied: a later row wins over an earlier one.
const std::vector<Setting>& setting_table() {
    static const std::vector<Setting> table = {
        {"API_HOST", "127.0.0.1",
         "address on which nginx listens (when its configuration is rendered)",
         text(&Settings::api_host)},
        {"API_PORT", "8080", "port on which nginx listens", number(&Settings::api_port, 1, 65535)},
        {"SERVER_NAMES", "",
         "names in `Host` that nginx answers, with spaces between them, such as `larder.example"
         " *.example.org`; default: `localhost 127.0.0.1 [::1]` if it listens on loopback, else "
         "any",
         server_names},
        {"PUBLIC_PATH", "",
         "path below which the server in front of Larder shows it, such as `/api`; that server "
         "takes"
         " it off the path of a request",
         public_path},
        {"CORS_ORIGINS", "",
         "origins whose pages may call Larder from a browser, with spaces between them, such as"
         " `https://app.example`; `*`: all",
         cors_origins},
        {"RATE_LIMIT", "",
         "requests that a client may send, such as `100/s` or `6000/min`; more get 429; default: "
         "any"
         " number",
         rate_limit},
        {"CONNECTIONS_PER_ADDRESS", "",
         "requests of one address that are served at the same time; more get 429; 0: any number;"
         " default: 1000, and of a loopback address any number",
         number(&Settings::connections_per_address, 0, 1000000)},
        {"DATABASE_URL", "postgresql:///larder", "PostgreSQL: any libpq URL or keyword string",
         text(&Settings::database_url)},
        {"DIRECT_DATABASE_URL", "",
         "the same past a pooler, for the feed and for migrations; default: DATABASE_URL",
         text(&Settings::direct_database_url)},
        {"REDIS_HOST", "127.0.0.1", "host of Redis", redis_part(&RedisAddress::host)},
        {"REDIS_PORT", "6379", "port of Redis", redis_number(&RedisAddress::port, 1, 65535)},
        {"REDIS_DB", "0", "database number in Redis",
         redis_number(&RedisAddress::database, 0, 65535)},
        {"REDIS_URL", "",
         "`redis://[user:password@]host[:port][/db]`, `unix:///path?db=0` or"
         " `sentinel://host[:port],host[:port]/master?db=0`; wins over the three above",
         redis_url},
        {"REDIS_TIMEOUT_MS", "50", "how long to wait for Redis before going on without it, in ms",
         number(&Settings::redis_timeout_ms, 1, 10000)},
        {"CACHE_TTL_SECONDS", "3600", "lifetime of a cached record, in seconds; 0: no expiry",
         number(&Settings::cache_ttl_seconds, 0, any_number)},
        {"ITEM_CACHE_TTL", "", "the same for items; default: CACHE_TTL_SECONDS",
         number(&Settings::item_cache_ttl, 0, any_number)},
        {"LIST_CACHE_TTL", "300", "lifetime of a cached list, in seconds; 0: no expiry",
         number(&Settings::list_cache_ttl, 0, any_number)},
        {"DEBUG", "false", "log every cache hit, miss, fill and invalidation",
         flag(&Settings::debug)},
        {"LOG_FORMAT", "text", "`text` (key=value) or `json`, of all logs", log_format},
        {"ACCESS_LOG", "false", "nginx logs every request", flag(&Settings::access_log)},
        {"TRACE_READS", "false",
         "reads from a cache have a request id too, and nginx passes `traceparent` on with reads",
         flag(&Settings::trace_reads)},
        {"DATABASE_REQUEST_ID", "false",
         "the id of the request stands in the `application_name` of its statements",
         flag(&Settings::database_request_id)},
        {"METRICS_ALLOW", "127.0.0.1 ::1",
         "addresses and networks that may read `/metrics`, or `none`", metrics_allow},
        {"AUTH", "off",
         "`on`: every request needs a token whose roles have the right; `off`: everything is open",
         flag(&Settings::auth)},
        {"WELCOME_TEXT", "Welcome to the Flask App!", "the answer to `GET /`",
         text(&Settings::welcome_text)},
        {"AUTH_JWKS", "",
         "file with the public keys of an identity provider, a JWK Set; its JWTs are taken then;"
         " needs AUTH_ISSUER and AUTH_AUDIENCE",
         auth_jwks},
        {"AUTH_ISSUER", "", "`iss` that a JWT must have, byte by byte",
         jwt_rule(&access::JwtRules::issuer)},
        {"AUTH_AUDIENCE", "", "`aud` that a JWT must have, alone or among others",
         jwt_rule(&access::JwtRules::audience)},
        {"AUTH_ROLE_CLAIM", "roles",
         "claim of a JWT that has its roles; a dot leads into an object, such as "
         "`realm_access.roles`",
         jwt_rule(&access::JwtRules::role_claim)},
        {"BODY_LIMIT_BYTES", "1048576", "largest request body, in bytes",
         number(&Settings::body_limit_bytes, 1, 1 << 30)},
        {"IDEMPOTENCY_TTL", "86400",
         "how long the answer to a write with an `Idempotency-Key` is kept, in seconds",
         number(&Settings::idempotency_ttl, 1, any_number)},
        {"WORKERS", "2", "worker processes of this host; 0: its nginx uses those of other hosts",
         number(&Settings::workers, 0, 256)},
        {"WORKER_ADDRESS", "",
         "where nginx reaches the workers: `unix:/path` or `host:port`, several separated by "
         "commas;"
         " default: the socket in RUN_DIR",
         text(&Settings::worker_address)},
        {"STORE_THREADS", "8", "threads of a worker that work with PostgreSQL, a connection each",
         number(&Settings::store_threads, 1, 256)},
        {"QUEUE_LIMIT", "1024",
         "requests of a worker that may wait for such a thread; more get 503",
         number(&Settings::queue_limit, 1, 1000000)},
        {"LOCK_TIMEOUT_MS", "2000",
         "how long a write waits for a row that another transaction has locked, in ms; then 503",
         number(&Settings::lock_timeout_ms, 1, 60000)},
        {"QUERY_TIMEOUT_MS", "2000",
         "how long PostgreSQL may work on a list with filters, an order or words, in ms; then 503",
         number(&Settings::query_timeout_ms, 1, 60000)},
        {"PREPARED_STATEMENTS", "true", "false behind a pooler in transaction mode (pgbouncer)",
         flag(&Settings::prepared_statements)},
        {"RESOURCES_DIR", default_resources,
         "directory of the resource descriptions, one `<name>.toml` for each resource",
         text(&Settings::resources_dir)},
        {"RUN_DIR", "/run/larder", "directory that the processes of a host share, best on tmpfs",
         text(&Settings::run_dir)},
    };
    return table;
}

std::expected<Settings, std::string> load_settings(
    const std::function<const char*(const char*)>& variable) {
    Settings settings;
    settings.item_cache_ttl = -1;
    for (const Setting& setting : setting_table()) {
        const char* set = variable(std::string(setting.name).c_str());
        const std::string_view value = set != nullptr && *set != '\0' ? set : setting.fallback;
        if (value.empty()) continue;
        if (const std::string why = setting.assign(settings, value); !why.empty()) {
            // Without the value: it may hold a password, or a line break.
            return std::unexpected(fmt::format("{} {}", setting.name, why));
        }
    }
    if (settings.direct_database_url.empty()) {
        settings.direct_database_url = settings.database_url;
    }
    if (!settings.auth_jwks.empty() &&
        (settings.jwt.issuer.empty() || settings.jwt.audience.empty())) {
        return std::unexpected("AUTH_JWKS needs AUTH_ISSUER and AUTH_AUDIENCE");
    }
    if (settings.item_cache_ttl < 0) settings.item_cache_ttl = settings.cache_ttl_seconds;
    return settings;
}

std::string resources_directory(const std::function<const char*(const char*)>& variable) {
    const char* set = variable("RESOURCES_DIR");
    return std::string(set != nullptr && *set != '\0' ? set : default_resources);
}

bool is_loopback(std::string_view address) {
    return address.starts_with("127.") || address == "::1" || address == "localhost";
}

bool is_auth_on(const std::function<const char*(const char*)>& variable) {
    Settings settings;
    const char* set = variable("AUTH");
    const std::string why = flag(&Settings::auth)(settings, set == nullptr ? "off" : set);
    return why.empty() && settings.auth;
}

std::string public_path_of(const std::function<const char*(const char*)>& variable) {
    const char* set = variable("PUBLIC_PATH");
    return set == nullptr ? "" : set;
}

std::string settings_as_markdown() {
    std::string table = "| variable | default | meaning |\n| --- | --- | --- |\n";
    for (const Setting& setting : setting_table()) {
        const std::string fallback =
            setting.fallback.empty() ? "" : fmt::format("`{}`", setting.fallback);
        table += fmt::format("| `{}` | {} | {} |\n", setting.name, fallback, setting.meaning);
    }
    return table;
}

}  // namespace larder
