#include "gateway/answer.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "gateway/list_answer.hpp"
#include "gateway/request_scope.hpp"
#include "http/conditional.hpp"
#include "json/text.hpp"
#include "observe/log.hpp"
#include "records/group.hpp"
#include "records/write.hpp"

namespace larder {

namespace {

using http::Action;
using http::Response;

// Its style is a file that nginx serves (www/status); the policy lets nothing else in.
constexpr std::string_view welcome_page = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Larder</title>
<link rel="icon" href="/status/icon.svg">
<link rel="stylesheet" href="/status/page.css">
</head>
<body>
<h1>Larder</h1>
<p>{}</p>
<ul>
<li><a href="/docs">Documentation to try out</a> (Swagger UI)
<li><a href="/redoc">Documentation to read</a> (ReDoc)
<li><a href="/openapi.json">OpenAPI description</a>
<li><a href="/status">Status</a>, or only <a href="/health">what is connected</a>
</ul>
</body>
</html>
)";
constexpr std::string_view welcome_policy =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'";

std::string html_escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '&': out += "&amp;"; break;
            default: out += c;
        }
    }
    return out;
}

Response record_answer(int status, std::string_view json) {
    Response response;
    response.status = status;
    response.body = json;
    http::add_header(response, "ETag", http::entity_tag(json));
    return response;
}

/// The answer to a write that was done.
Response write_answer(const Plan& plan, const WrittenRecord& record) {
    const Resource& resource = *plan.route.resource;
    if (plan.route.action == Action::remove) {
        if (resource.deleted.empty()) return {.status = 204, .content_type = {}};
        return {.status = 200, .body = std::string(resource.deleted)};
    }
    if (plan.route.action != Action::create) return record_answer(200, record.json);
    Response response = record_answer(201, record.json);
    http::add_header(response, "Location", resource.path_of(record.id));
    return response;
}

Expected<WrittenRecord> write_alone(Backend& backend, const Plan& plan, std::string_view if_match) {
    const Collection& collection = backend.larder.of(*plan.route.resource);
    const std::string& id = plan.route.id;
    const std::chrono::milliseconds lock_wait(backend.larder.settings.lock_timeout_ms);
    switch (plan.route.action) {
        case Action::create: return create_record(backend, collection, plan.change, lock_wait);
        case Action::remove: return remove_record(backend, collection, id, if_match, lock_wait);
        default: return update_record(backend, collection, id, plan.change, if_match, lock_wait);
    }
}

Response answer_write(Backend& backend, const Plan& plan, const http::Request& request) {
    const auto record = write_alone(backend, plan, request.if_match);
    return record ? write_answer(plan, *record) : answer_error(record.error());
}

Response answer_clear(Backend& backend) {
    if (const auto cleared = clear_caches(backend); !cleared) return answer_error(cleared.error());
    return {.body = R"({"ok": true})"};
}

/// The members of /health that tell of larder-feed.
std::string feed_health(const SharedState& state) {
    if (!is_feed_alive(state)) return R"("feed": "disconnected")";
    return fmt::format(R"("feed": "connected", "feed_lag_ms": {})",
                       static_cast<double>(state.feed_lag_us.load()) / 1000.0);
}

Response answer_health(Backend& backend) {
    const bool database = backend.session.read({.sql = "SELECT 1"}).has_value();
    const bool redis = backend.cache.ping();
    Response response;
    response.status = database ? 200 : 503;
    if (!database) http::add_header(response, "Retry-After", "1");
    http::add_header(response, "Cache-Control", "no-store");
    response.body =
        fmt::format(R"({{"status": "{}", "api": "operational", "database": "{}", "redis": "{}", )"
                    R"("cache_fallback": "enabled", {}}})",
                    database ? "healthy" : "unhealthy", database ? "connected" : "disconnected",
                    redis ? "connected" : "disconnected", feed_health(backend.larder.memory));
    return response;
}

}  // namespace

std::string_view name_of(CacheState state) {
    switch (state) {
        case CacheState::hit: return "HIT";
        case CacheState::miss: return "MISS";
        case CacheState::bypass: break;
    }
    return "BYPASS";
}

Response answer_error(const Error& error) {
    if (error.kind == ErrorKind::internal || !error.log.empty()) {
        log_error("request_failed", {{"detail", error.detail}, {"error", error.log}});
    }
    return http::problem(error);
}

Response answer_read(const Resource& resource, std::string_view id, ReadRecord record,
                     const http::Request& request) {
    const std::string_view cache = name_of(record.cache);
    if (is_debug_logged()) {
        log_debug("cache_read", {{"cache", cache}, {"resource", resource.name}, {"id", id}});
    }
    Response response;
    if (!record.json) {
        response = answer_error({.kind = ErrorKind::not_found, .detail = resource.not_found(id)});
    } else {
        const std::string tag = http::entity_tag(*record.json);
        http::add_header(response, "ETag", tag);
        if (http::if_none_match_names(request.if_none_match, tag)) {
            response.status = 304;
            response.content_type = {};
        } else if (resource.is_wrapped()) {
            response.body =
                fmt::format(R"({{"cached":{},"{}":{}}})", record.cache == CacheState::hit,
                            resource.envelope.record, *record.json);
        } else {
            response.body = std::move(*record.json);
        }
    }
    http::add_header(response, "X-Cache", cache);
    return response;
}

Response answer_simple(const Plan& plan, const http::Request& request, const Settings& settings) {
    Response response;
    switch (plan.route.action) {
        case Action::options:
            response.status = 204;
            response.content_type = {};
            http::add_header(response, "Allow", plan.route.text);
            break;
        case Action::greet:
            if (!json::is_utf8(plan.route.text)) {
                return answer_error(
                    {.kind = ErrorKind::bad_request, .detail = "The name is not UTF-8."});
            }
            response.body = fmt::format(R"({{"message": {}}})",
                                        json::quoted(fmt::format("Hello, {}!", plan.route.text)));
            break;
        case Action::page:
            return answer_error({.kind = ErrorKind::not_found,
                                 .detail = "This page is a file, and nginx is to serve it."});
        default:
            http::add_header(response, "Vary", "Accept");
            if (request.accept.find("text/html") != request.accept.npos) {
                response.content_type = "text/html; charset=utf-8";
                http::add_header(response, "Content-Security-Policy", welcome_policy);
                response.body = fmt::format(welcome_page, html_escaped(settings.welcome_text));
            } else {
                response.content_type = "text/plain; charset=utf-8";
                response.body = settings.welcome_text;
            }
    }
    return response;
}

void answer_from_store(Backend& backend, const Plan& plan, Connection& connection) {
    switch (plan.route.action) {
        case Action::list: {
            Connection* const only = &connection;
            return answer_list(backend, plan, {&only, 1});
        }
        case Action::health: return connection.answer(answer_health(backend));
        case Action::clear_caches: return connection.answer(answer_clear(backend));
        default: return connection.answer(answer_write(backend, plan, connection.request()));
    }
}

bool answer_group(Backend& backend, const Resource& resource, std::span<const Planned> group) {
    if (group.empty()) return true;
    std::vector<GroupedWrite> writes;
    writes.reserve(group.size());
    for (const auto& [connection, plan] : group) {
        writes.push_back({.action = plan.route.action, .id = plan.route.id, .change = plan.change});
    }
    std::optional<std::vector<Expected<WrittenRecord>>> records;
    {
        const RequestScope scope(group.front().connection->request(), backend);
        records = write_group(backend, backend.larder.of(resource), writes);
    }
    if (!records) return false;
    for (std::size_t i = 0; i < group.size(); ++i) {
        const auto& record = (*records)[i];
        const RequestScope scope(group[i].connection->request());
        group[i].connection->answer(record ? write_answer(group[i].plan, *record)
                                           : answer_error(record.error()));
    }
    return true;
}

}  // namespace larder
