#include "settings.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <string>

using namespace larder;

namespace {

using Environment = std::map<std::string, std::string>;

std::expected<Settings, std::string> load(const Environment& environment) {
    return load_settings([&](const char* name) -> const char* {
        const auto found = environment.find(name);
        return found == environment.end() ? nullptr : found->second.c_str();
    });
}

Settings loaded(const Environment& environment) {
    auto settings = load(environment);
    BOOST_REQUIRE(settings);
    return std::move(*settings);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(settings)

BOOST_AUTO_TEST_CASE(defaults_are_those_of_the_contract) {
    const Settings settings = loaded({});
    BOOST_TEST(settings.api_host == "127.0.0.1");
    BOOST_TEST(settings.api_port == 8080);
    BOOST_TEST(settings.database_url == "postgresql:///larder");
    BOOST_TEST(settings.redis.socket.empty());
    BOOST_TEST(settings.redis.host == "127.0.0.1");
    BOOST_TEST(settings.redis.port == 6379);
    BOOST_TEST(settings.redis.database == 0);
    BOOST_TEST(settings.redis.user.empty());
    BOOST_TEST(settings.redis.password.empty());
    BOOST_TEST(settings.cache_ttl_seconds == 3600);
    BOOST_TEST(settings.item_cache_ttl == 3600);
    BOOST_TEST(settings.list_cache_ttl == 300);
    BOOST_TEST(!settings.debug);
    BOOST_TEST((settings.log_format == LogFormat::text));
    BOOST_TEST(!settings.access_log);
    BOOST_TEST(!settings.trace_reads);
    BOOST_TEST(!settings.database_request_id);
    BOOST_TEST(settings.metrics_allow == "127.0.0.1 ::1");
    BOOST_TEST(settings.welcome_text == "Welcome to the Flask App!");
    BOOST_TEST(settings.auth_jwks.empty());
    BOOST_TEST(settings.jwt.issuer.empty());
    BOOST_TEST(settings.jwt.audience.empty());
    BOOST_TEST(settings.jwt.role_claim == "roles");
    BOOST_TEST(settings.body_limit_bytes == 1048576);
    BOOST_TEST(settings.run_dir == "/run/larder");
    BOOST_TEST(settings.direct_database_url == settings.database_url);
    BOOST_TEST(settings.workers == 2);
    BOOST_TEST(settings.store_threads == 8);
    BOOST_TEST(settings.queue_limit == 1024);
    BOOST_TEST(settings.redis_timeout_ms == 50);
    BOOST_TEST(settings.prepared_statements);
}

BOOST_AUTO_TEST_CASE(every_setting_can_be_set) {
    const Settings settings = loaded({{"API_HOST", "::1"},
                                      {"API_PORT", "65535"},
                                      {"SERVER_NAMES", "a.b *.c.d. [::1]  127.0.0.1"},
                                      {"PUBLIC_PATH", "/api/v1"},
                                      {"CORS_ORIGINS", "https://a.b http://[::1]:3000"},
                                      {"RATE_LIMIT", "100/s"},
                                      {"CONNECTIONS_PER_ADDRESS", "50"},
                                      {"DATABASE_URL", "host=db"},
                                      {"REDIS_HOST", "cache"},
                                      {"REDIS_PORT", "1"},
                                      {"REDIS_DB", "3"},
                                      {"CACHE_TTL_SECONDS", "0"},
                                      {"ITEM_CACHE_TTL", "7"},
                                      {"LIST_CACHE_TTL", "2147483647"},
                                      {"DEBUG", "true"},
                                      {"LOG_FORMAT", "json"},
                                      {"ACCESS_LOG", "true"},
                                      {"TRACE_READS", "true"},
                                      {"DATABASE_REQUEST_ID", "true"},
                                      {"METRICS_ALLOW", "10.0.0.0/8 fd00::/8 ::1"},
                                      {"WELCOME_TEXT", "Hi"},
                                      {"BODY_LIMIT_BYTES", "1"},
                                      {"WORKERS", "1"},
                                      {"STORE_THREADS", "2"},
                                      {"QUEUE_LIMIT", "3"},
                                      {"REDIS_TIMEOUT_MS", "4"},
                                      {"PREPARED_STATEMENTS", "false"},
                                      {"RUN_DIR", "/tmp/run"}});
    BOOST_TEST(settings.api_host == "::1");
    BOOST_TEST(settings.server_names == "a.b *.c.d. [::1]  127.0.0.1");
    BOOST_TEST(settings.public_path == "/api/v1");
    BOOST_TEST(settings.cors_origins == "https://a.b http://[::1]:3000");
    BOOST_TEST(settings.rate_limit == "100/s");
    BOOST_TEST(settings.connections_per_address == 50);
    BOOST_TEST(settings.api_port == 65535);
    BOOST_TEST(settings.database_url == "host=db");
    BOOST_TEST(settings.redis.host == "cache");
    BOOST_TEST(settings.redis.port == 1);
    BOOST_TEST(settings.redis.database == 3);
    BOOST_TEST(settings.cache_ttl_seconds == 0);
    BOOST_TEST(settings.item_cache_ttl == 7);
    BOOST_TEST(settings.list_cache_ttl == 2147483647);
    BOOST_TEST(settings.debug);
    BOOST_TEST((settings.log_format == LogFormat::json));
    BOOST_TEST(settings.access_log);
    BOOST_TEST(settings.trace_reads);
    BOOST_TEST(settings.database_request_id);
    BOOST_TEST(settings.metrics_allow == "10.0.0.0/8 fd00::/8 ::1");
    BOOST_TEST(settings.welcome_text == "Hi");
    BOOST_TEST(settings.body_limit_bytes == 1);
    BOOST_TEST(settings.workers == 1);
    BOOST_TEST(settings.store_threads == 2);
    BOOST_TEST(settings.queue_limit == 3);
    BOOST_TEST(settings.redis_timeout_ms == 4);
    BOOST_TEST(!settings.prepared_statements);
    BOOST_TEST(settings.run_dir == "/tmp/run");
}

BOOST_AUTO_TEST_CASE(an_empty_value_is_as_good_as_none) {
    Environment empty;
    for (const Setting& setting : setting_table()) empty[std::string(setting.name)] = "";
    const Settings settings = loaded(empty);
    BOOST_TEST(settings.api_port == 8080);
    BOOST_TEST(settings.database_url == "postgresql:///larder");
    BOOST_TEST(settings.item_cache_ttl == 3600);
}

BOOST_AUTO_TEST_CASE(items_live_as_long_as_other_records_unless_set) {
    BOOST_TEST(loaded({{"CACHE_TTL_SECONDS", "5"}}).item_cache_ttl == 5);
    BOOST_TEST(loaded({{"CACHE_TTL_SECONDS", "0"}}).item_cache_ttl == 0);
    BOOST_TEST(loaded({{"ITEM_CACHE_TTL", "0"}}).item_cache_ttl == 0);
    BOOST_TEST(loaded({{"ITEM_CACHE_TTL", "9"}}).cache_ttl_seconds == 3600);
}

BOOST_AUTO_TEST_CASE(a_redis_url_wins_over_the_parts) {
    const Settings settings = loaded({{"REDIS_HOST", "loser"},
                                      {"REDIS_PORT", "1"},
                                      {"REDIS_DB", "2"},
                                      {"REDIS_URL", "redis://me:secret@winner/3"}});
    BOOST_TEST(settings.redis.host == "winner");
    BOOST_TEST(settings.redis.port == 6379);
    BOOST_TEST(settings.redis.database == 3);
    BOOST_TEST(settings.redis.user == "me");
    BOOST_TEST(settings.redis.password == "secret");
    BOOST_TEST(loaded({{"REDIS_URL", "unix:///run/redis"}}).redis.socket == "/run/redis");
}

BOOST_AUTO_TEST_CASE(flags_have_several_spellings) {
    for (const auto* on : {"true", "1", "yes", "on"}) BOOST_TEST(loaded({{"DEBUG", on}}).debug);
    for (const auto* off : {"false", "0", "no", "off"}) {
        BOOST_TEST(!loaded({{"DEBUG", off}}).debug);
        BOOST_TEST(!loaded({{"PREPARED_STATEMENTS", off}}).prepared_statements);
    }
}

BOOST_AUTO_TEST_CASE(a_broken_value_gives_one_line_that_names_the_variable) {
    const std::pair<const char*, const char*> broken[] = {
        {"API_PORT", "0"},
        {"API_PORT", "65536"},
        {"API_PORT", "http"},
        {"API_PORT", "80 "},
        {"API_PORT", " 80"},
        {"API_PORT", "+80"},
        {"API_PORT", "80.0"},
        {"API_PORT", "0x50"},
        {"API_PORT", "-1"},
        {"API_PORT", "80\n81"},
        {"REDIS_PORT", "65536"},
        {"REDIS_PORT", "x"},
        {"REDIS_PORT", "0"},
        {"REDIS_DB", "-1"},
        {"REDIS_DB", "x"},
        {"REDIS_URL", "localhost"},
        {"REDIS_URL", "redis://h:x"},
        {"REDIS_TIMEOUT_MS", "0"},
        {"REDIS_TIMEOUT_MS", "10001"},
        {"CACHE_TTL_SECONDS", "-1"},
        {"CACHE_TTL_SECONDS", "1h"},
        {"CACHE_TTL_SECONDS", "2147483648"},
        {"ITEM_CACHE_TTL", "-1"},
        {"ITEM_CACHE_TTL", "x"},
        {"LIST_CACHE_TTL", "-5"},
        {"LIST_CACHE_TTL", "1e3"},
        {"DEBUG", "maybe"},
        {"DEBUG", "TRUE "},
        {"BODY_LIMIT_BYTES", "0"},
        {"BODY_LIMIT_BYTES", "1M"},
        {"BODY_LIMIT_BYTES", "1073741825"},
        {"WORKERS", "-1"},
        {"WORKERS", "257"},
        {"STORE_THREADS", "0"},
        {"STORE_THREADS", "257"},
        {"QUEUE_LIMIT", "0"},
        {"QUEUE_LIMIT", "1000001"},
        {"PREPARED_STATEMENTS", "2"},
        {"LOG_FORMAT", "xml"},
        {"LOG_FORMAT", "JSON"},
        {"ACCESS_LOG", "2"},
        {"TRACE_READS", "2"},
        {"DATABASE_REQUEST_ID", "2"},
        {"METRICS_ALLOW", "all"},
        {"METRICS_ALLOW", "none ::1"},
        {"METRICS_ALLOW", "127.0.0.1,::1"},
        {"METRICS_ALLOW", "127.0.0.256"},
        {"METRICS_ALLOW", "127.0.0.1; allow all"},
        {"METRICS_ALLOW", "10.0.0.0/33"},
        {"METRICS_ALLOW", "10.0.0.0/"},
        {"METRICS_ALLOW", "::1/129"},
        {"METRICS_ALLOW", "/8"},
        {"PUBLIC_PATH", "/"},
        {"PUBLIC_PATH", "api"},
        {"PUBLIC_PATH", "/api/"},
        {"PUBLIC_PATH", "//api"},
        {"PUBLIC_PATH", "/api/../x"},
        {"PUBLIC_PATH", "/."},
        {"PUBLIC_PATH", "/a b"},
        {"PUBLIC_PATH", "/a%20b"},
        {"PUBLIC_PATH", "/a>"},
        {"PUBLIC_PATH", "https://a.example/api"},
        {"CORS_ORIGINS", "https://a.example/"},
        {"CORS_ORIGINS", "https://a.example/app"},
        {"CORS_ORIGINS", "a.example"},
        {"CORS_ORIGINS", "null"},
        {"CORS_ORIGINS", "https://*.a.example"},
        {"CORS_ORIGINS", "* https://a.example"},
        {"CORS_ORIGINS", "https://a.example,https://b.example"},
        {"CORS_ORIGINS", "https://a.example:0"},
        {"CORS_ORIGINS", "https://a.example:65536"},
        {"CORS_ORIGINS", "https://a.example:"},
        {"CORS_ORIGINS", "https://me@a.example"},
        {"CORS_ORIGINS", "://a.example"},
        {"CORS_ORIGINS", "1s://a.example"},
        {"CORS_ORIGINS", "https://a.example\"; return 200"},
        {"CORS_ORIGINS", "https://[a]"},
        {"CORS_ORIGINS", "https://[::1"},
        {"CORS_ORIGINS", "https://"},
        {"RATE_LIMIT", "100"},
        {"RATE_LIMIT", "0/s"},
        {"RATE_LIMIT", "-1/s"},
        {"RATE_LIMIT", "1000001/s"},
        {"RATE_LIMIT", "1.5/s"},
        {"RATE_LIMIT", "100/h"},
        {"RATE_LIMIT", "100 /s"},
        {"RATE_LIMIT", "/s"},
        {"RATE_LIMIT", "100/s;"},
        {"CONNECTIONS_PER_ADDRESS", "-1"},
        {"CONNECTIONS_PER_ADDRESS", "many"},
        {"CONNECTIONS_PER_ADDRESS", "1000001"},
    };
    for (const auto& [name, value] : broken) {
        BOOST_TEST_CONTEXT(name << '=' << value) {
            const auto settings = load({{name, value}});
            BOOST_REQUIRE(!settings);
            BOOST_TEST(settings.error().starts_with(std::string(name) + " must be "));
            BOOST_TEST(settings.error().find('\n') == std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_broken_address_does_not_show_its_password) {
    const auto settings = load({{"REDIS_URL", "redis://me:hunter2@host:port"}});
    BOOST_REQUIRE(!settings);
    BOOST_TEST(settings.error().find("hunter2") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(server_names_are_hosts_without_ports) {
    for (const char* wrong : {"a:80", "http://a", "a,b", "a..b", ".", "*", "*.", "a.*", "[::1",
                              "::1", "[a]", "[127.0.0.1]", "a/b", "\"a\"", "a;b"}) {
        BOOST_TEST_CONTEXT(wrong) { BOOST_TEST(!load({{"SERVER_NAMES", wrong}}).has_value()); }
    }
}

BOOST_AUTO_TEST_CASE(origins_are_what_browsers_send) {
    for (const char* origins :
         {"*", "https://app.example", "HTTPS://App.Example:8443", "http://localhost:5173",
          "http://127.0.0.1", "http://[::1]", "http://[::1]:3000", "capacitor://localhost",
          "chrome-extension://abcdefghijklmnop", "  https://a.example  https://b.example "}) {
        BOOST_TEST_CONTEXT(origins) { BOOST_TEST(load({{"CORS_ORIGINS", origins}}).has_value()); }
    }
}

BOOST_AUTO_TEST_CASE(the_table_has_every_setting_once_with_its_meaning) {
    std::vector<std::string_view> names;
    for (const Setting& setting : setting_table()) {
        names.push_back(setting.name);
        BOOST_TEST(!setting.meaning.empty());
    }
    std::ranges::sort(names);
    BOOST_TEST((std::ranges::adjacent_find(names) == names.end()));
    for (const std::string_view name :
         {"API_HOST", "API_PORT", "DATABASE_URL", "REDIS_URL", "REDIS_HOST", "REDIS_PORT",
          "REDIS_DB", "CACHE_TTL_SECONDS", "ITEM_CACHE_TTL", "LIST_CACHE_TTL", "DEBUG"}) {
        BOOST_TEST_CONTEXT(name) { BOOST_TEST(std::ranges::binary_search(names, name)); }
    }
}

BOOST_AUTO_TEST_CASE(the_markdown_has_a_head_and_a_row_for_each) {
    const std::string table = settings_as_markdown();
    BOOST_TEST(table.starts_with("| variable | default | meaning |\n| --- | --- | --- |\n"));
    BOOST_TEST(table.ends_with(" |\n"));
    BOOST_TEST(std::ranges::count(table, '\n') ==
               static_cast<std::ptrdiff_t>(setting_table().size()) + 2);
    for (const Setting& setting : setting_table()) {
        BOOST_TEST(table.find("\n| `" + std::string(setting.name) + "` | ") != std::string::npos);
        BOOST_TEST(table.find(setting.meaning) != std::string::npos);
    }
    BOOST_TEST(table.find("| `API_PORT` | `8080` | ") != std::string::npos);
    BOOST_TEST(table.find("| `ITEM_CACHE_TTL` |  | ") != std::string::npos);
}

// A JWT of the same provider for another server must not be taken.
BOOST_AUTO_TEST_CASE(keys_need_an_issuer_and_an_audience) {
    const std::string needs = "AUTH_JWKS needs AUTH_ISSUER and AUTH_AUDIENCE";
    BOOST_TEST(load({{"AUTH_JWKS", "/k"}}).error() == needs);
    BOOST_TEST(load({{"AUTH_JWKS", "/k"}, {"AUTH_ISSUER", "i"}}).error() == needs);
    BOOST_TEST(load({{"AUTH_JWKS", "/k"}, {"AUTH_AUDIENCE", "a"}}).error() == needs);
    BOOST_TEST(load({{"AUTH_JWKS", "keys.json"}}).error() == "AUTH_JWKS must be an absolute path");
    const Settings settings = loaded({{"AUTH_JWKS", "/k"},
                                      {"AUTH_ISSUER", "i"},
                                      {"AUTH_AUDIENCE", "a"},
                                      {"AUTH_ROLE_CLAIM", "realm_access.roles"}});
    BOOST_TEST(settings.auth_jwks == "/k");
    BOOST_TEST(settings.jwt.issuer == "i");
    BOOST_TEST(settings.jwt.audience == "a");
    BOOST_TEST(settings.jwt.role_claim == "realm_access.roles");
}

BOOST_AUTO_TEST_SUITE_END()
