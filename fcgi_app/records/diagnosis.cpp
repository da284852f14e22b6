#include "records/diagnosis.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "access/key_set.hpp"
#include "cache/redis.hpp"
#include "number.hpp"
#include "records/schema.hpp"
#include "store/session.hpp"

namespace larder {

namespace {

using Weight = Finding::Weight;

// Connections beside those of the store threads: a caretaker, a watch and two imports in each
// worker, and for the host its feed and one migration.
constexpr int per_worker = 4;
constexpr int per_host = 2;

/// The connections that Larder may still take, its own left out of what is taken.
constexpr std::string_view connections_left =
    "SELECT least(current_setting('max_connections')::int"
    " - current_setting('superuser_reserved_connections')::int"
    " - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    " AND application_name NOT LIKE 'larder-%'),"
    " (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user),"
    " (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()))";

Finding connections(const Settings& settings, Session& session) {
    const int needed = settings.workers * (settings.store_threads + per_worker) + per_host;
    if (!settings.prepared_statements) {
        return {Weight::ok, fmt::format("PostgreSQL: the pooler must give {} connections (WORKERS"
                                        " and STORE_THREADS)",
                                        needed)};
    }
    const auto rows = session.read(once(std::string(connections_left)));
    if (!rows) return {Weight::problem, "PostgreSQL: " + rows.error().log};
    const int left = to_number<int>(rows->at(0).at(0).value_or("")).value_or(0);
    if (left >= needed) {
        return {Weight::ok, fmt::format("PostgreSQL: {} connections for the {} that WORKERS and"
                                        " STORE_THREADS can take",
                                        left, needed)};
    }
    return {Weight::problem,
            fmt::format("PostgreSQL: WORKERS and STORE_THREADS can take {} connections, but only {}"
                        " are left; raise max_connections (or the limit of the role or database),"
                        " or lower STORE_THREADS",
                        needed, left)};
}

/// What would let a value of a client into PostgreSQL's log, as the SQL that mends it. Errors are
/// not logged at all (log_min_messages), for a message can quote a value; of what is logged all the
/// same, the statement and the details are not.
constexpr std::string_view secrecy =
    "SELECT string_agg(format('ALTER ROLE %I SET %s = %L;', session_user, name, wanted), ' ')"
    " FROM (VALUES ('log_min_messages', '{log,fatal,panic}'::text[], 'log'),"
    " ('log_min_error_statement', '{panic}', 'panic'),"
    " ('log_error_verbosity', '{terse}', 'terse'),"
    " ('log_statement', '{none,ddl}', 'none'),"
    " ('log_min_duration_statement', '{-1}', '-1'),"
    " ('log_min_duration_sample', '{-1}', '-1'),"
    " ('log_transaction_sample_rate', '{0}', '0'),"
    " ('auto_explain.log_min_duration', '{-1}', '-1')) AS setting (name, safe, wanted)"
    " WHERE nullif(current_setting(name, true), '') <> ALL (safe)";

Finding log_of_values(Session& session) {
    const auto rows = session.read(once(std::string(secrecy)));
    if (!rows) return {Weight::problem, "PostgreSQL: " + rows.error().log};
    const auto& sql = rows->at(0).at(0);
    if (!sql) return {Weight::ok, "PostgreSQL: its log gets no value that a client has sent"};
    return {Weight::advice,
            fmt::format("PostgreSQL: its log can get values that clients have sent, which may be"
                        " personal; run as a superuser, and then larder apply: {}",
                        *sql)};
}

/// The value in what INFO answers.
std::string_view value_of(std::string_view info, std::string_view name) {
    const auto label = fmt::format("\n{}:", name);
    const auto start = info.find(label);
    if (start == info.npos) return {};
    info.remove_prefix(start + label.size());
    return info.substr(0, info.find('\r'));
}

std::string redis_name(const RedisAddress& address) {
    return address.socket.empty() ? fmt::format("{}:{}", address.host, address.port)
                                  : address.socket;
}

/// Whether Redis writes its data to disk; nothing where it does not tell.
std::optional<bool> is_persistent(RedisConnection& redis, std::string_view info) {
    if (value_of(info, "aof_enabled") == "1") return true;
    const auto save = redis.command({"CONFIG", "GET", "save"});
    if (!save || save->list.size() != 2) return std::nullopt;
    return !save->list[1].text.empty();
}

void diagnose_memory(std::string_view info, std::vector<Finding>& found) {
    const auto limit = value_of(info, "maxmemory_human");
    const auto policy = value_of(info, "maxmemory_policy");
    if (value_of(info, "maxmemory") == "0") {
        found.push_back({Weight::advice,
                         "Redis: it has no memory limit; set maxmemory (256mb to"
                         " begin with) and maxmemory-policy allkeys-lru"});
    } else if (policy == "noeviction") {
        found.push_back(
            {Weight::problem,
             fmt::format("Redis: at maxmemory ({}) it refuses to store anything, and the"
                         " cache is given up; set maxmemory-policy allkeys-lru",
                         limit)});
    } else {
        found.push_back({Weight::ok, fmt::format("Redis: maxmemory {}, {}", limit, policy)});
    }
}

void diagnose_redis(const Settings& settings, std::vector<Finding>& found) {
    RedisConnection redis(settings.redis, std::chrono::milliseconds(settings.redis_timeout_ms));
    const auto name = redis_name(settings.redis);
    const auto info = redis.open() ? redis.command({"INFO"}) : std::nullopt;
    if (!info) {
        found.push_back(
            {Weight::problem, fmt::format("Redis: {} does not answer ({}), so every read goes to"
                                          " PostgreSQL; check REDIS_URL and that the server runs",
                                          name, redis.error())});
        return;
    }
    found.push_back({Weight::ok, fmt::format("Redis: {} answers", name)});
    if (value_of(info->text, "role") == "slave") {
        found.push_back({Weight::problem,
                         "Redis: it is a replica, which cannot be written to; point"
                         " REDIS_URL at the primary"});
    }
    diagnose_memory(info->text, found);
    if (is_persistent(redis, info->text).value_or(false)) {
        found.push_back({Weight::advice,
                         "Redis: it writes its data to disk, which a cache does not"
                         " need; set save \"\" and appendonly no, unless others"
                         " need it"});
    }
}

void diagnose_keys(const Settings& settings, std::vector<Finding>& found) {
    if (!settings.auth || settings.auth_jwks.empty()) return;
    const auto file = access::read_key_file(settings.auth_jwks);
    if (!file.keys) {
        found.push_back({Weight::problem,
                         fmt::format("access: every JWT gets 503, because {} cannot be used: {}",
                                     settings.auth_jwks, file.keys.error())});
        return;
    }
    found.push_back({Weight::ok, fmt::format("access: {} has {} keys that can be used",
                                             settings.auth_jwks, file.keys->keys().size())});
    for (const std::string& key : file.keys->left_out()) {
        found.push_back({Weight::advice, fmt::format("access: {}: {}", settings.auth_jwks, key)});
    }
}

}  // namespace

std::vector<Finding> diagnose(const Settings& settings, std::span<const Resource> resources) {
    std::vector<Finding> found;
    const auto schema = check_schema(settings, resources);
    const bool is_current = schema.state == SchemaState::current;
    found.push_back({is_current ? Weight::ok : Weight::problem, schema.text});
    if (!schema.missing.empty()) {
        found.push_back({Weight::problem,
                         fmt::format("PostgreSQL: the role lacks privileges, so that some requests"
                                     " are refused with 403 or 503; grant them as the owner of the"
                                     " tables, or write read_only = true or create = false: {}",
                                     schema.missing)});
    }
    if (schema.state != SchemaState::unknown) {
        Database database(settings.database_url, settings.prepared_statements);
        Session session(database);
        found.push_back(connections(settings, session));
        found.push_back(log_of_values(session));
    }
    diagnose_redis(settings, found);
    diagnose_keys(settings, found);
    return found;
}

}  // namespace larder
