#include "feed/prerequisites.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <chrono>

#include "catalog/names.hpp"
#include "feed/replication.hpp"

namespace larder {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds slot_limit{10};

/// (what the operator has to do, or NULL)
std::string question(std::span<const Resource> resources) {
    std::string tables;
    for (const Resource& resource : resources) {
        tables +=
            fmt::format("{}({}, {})", tables.empty() ? "" : ", ", quoted_literal(resource.schema),
                        quoted_literal(resource.table_name()));
    }
    // Without it, tokens that another host has revoked would go on here.
    tables += fmt::format("{}('larder', 'tokens')", tables.empty() ? "" : ", ");
    return fmt::format(
        "SELECT CASE"
        " WHEN current_setting('server_version_num')::int < 140000"
        " THEN 'PostgreSQL 14 or newer is needed'"
        " WHEN current_setting('wal_level') <> 'logical'"
        " THEN 'wal_level is ' || current_setting('wal_level')"
        " || '; set wal_level = logical and restart PostgreSQL'"
        " WHEN NOT (SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user)"
        " THEN 'the role ' || current_user || ' may not replicate; ALTER ROLE '"
        " || quote_ident(current_user) || ' REPLICATION'"
        " WHEN NOT EXISTS (SELECT FROM pg_publication WHERE pubname = '{0}')"
        " THEN 'there is no publication {0}; run the migrations'"
        " ELSE (SELECT 'the publication {0} lacks '"
        " || string_agg(CASE schema WHEN 'public' THEN '' ELSE schema || '.' END || name, ', ')"
        " FROM (VALUES {1}) AS wanted (schema, name) WHERE NOT EXISTS"
        " (SELECT FROM pg_publication_tables WHERE pubname = '{0}' AND schemaname = schema"
        " AND tablename = name)) END",
        feed_publication, tables);
}

}  // namespace

std::optional<std::string> missing_prerequisite(Session& session,
                                                std::span<const Resource> resources) {
    const auto rows = session.read({.sql = question(resources)});
    return rows ? rows->at(0).at(0) : std::nullopt;
}

std::expected<void, std::string> check_feed(const Settings& settings,
                                            std::span<const Resource> resources) {
    Database database(settings.database_url, settings.prepared_statements);
    Session session(database);
    if (auto missing = missing_prerequisite(session, resources)) {
        return std::unexpected(std::move(*missing));
    }
    Replication replication;
    if (auto opened = replication.open(settings.database_url); !opened) return opened;
    if (auto requested = replication.request_slot(); !requested) return requested;
    const auto end = Clock::now() + slot_limit;
    for (;;) {
        const auto ready = replication.has_slot();
        if (!ready) return std::unexpected(ready.error());
        if (*ready) return {};
        if (Clock::now() >= end) {
            return std::unexpected("transactions of others have been open for too long to start");
        }
        pollfd socket{.fd = replication.socket(), .events = POLLIN, .revents = 0};
        poll(&socket, 1, 1000);
    }
}

}  // namespace larder
