#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "access/claims.hpp"
#include "cache/redis_address.hpp"
#include "observe/log.hpp"

namespace larder {

/// The settings of a process; read once at start from environment variables.
struct Settings {
    std::string api_host;
    int api_port = 0;
    std::string server_names;  ///< empty: derived from api_host
    std::string public_path;   ///< in front of every path that an answer names; empty: nothing
    // What only nginx acts on; a worker checks their form.
    std::string cors_origins;
    std::string rate_limit;
    int connections_per_address = 0;
    std::string database_url;
    std::string direct_database_url;  ///< never of a pooler
    RedisAddress redis;
    int cache_ttl_seconds = 0;  ///< 0: no expiry, for all three
    int item_cache_ttl = 0;
    int list_cache_ttl = 0;
    bool debug = false;
    LogFormat log_format = LogFormat::text;
    bool access_log = false;
    bool trace_reads = false;
    bool database_request_id = false;
    std::string metrics_allow;
    bool auth = false;
    std::string run_dir;
    std::string resources_dir;
    int workers = 0;
    std::string worker_address;
    int store_threads = 0;
    int queue_limit = 0;
    int lock_timeout_ms = 0;
    int query_timeout_ms = 0;
    int body_limit_bytes = 0;
    int idempotency_ttl = 0;  ///< seconds
    std::string welcome_text;
    std::string auth_jwks;  ///< empty: no JWT is taken
    access::JwtRules jwt;   ///< AUTH_ISSUER, AUTH_AUDIENCE, AUTH_ROLE_CLAIM
    int redis_timeout_ms = 0;
    bool prepared_statements = true;
};

/// One row of the table that the code, `--print-settings` and the README share. `assign` gives an
/// empty text, or what is wrong with the value.
struct Setting {
    std::string_view name;
    std::string_view fallback;  ///< default; empty: derived from other settings, or none
    std::string_view meaning;
    std::function<std::string(Settings&, std::string_view)> assign;
};

const std::vector<Setting>& setting_table();

/// Reads the settings; `variable` gives the value of an environment variable or null. Fails with
/// one line for the operator that names the variable.
std::expected<Settings, std::string> load_settings(
    const std::function<const char*(const char*)>& variable);

/// The directory of the resource descriptions alone, for what is asked of a program that need not
/// be able to serve.
std::string resources_directory(const std::function<const char*(const char*)>& variable);

/// Whether nothing outside of this host reaches an address to listen on. A name other than
/// `localhost` may be any address.
bool is_loopback(std::string_view address);

/// AUTH alone, for the same.
bool is_auth_on(const std::function<const char*(const char*)>& variable);

/// PUBLIC_PATH alone, for the same.
std::string public_path_of(const std::function<const char*(const char*)>& variable);

/// The table in Markdown, as the README shows it.
std::string settings_as_markdown();

}  // namespace larder
