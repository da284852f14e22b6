#include "openapi/service_paths.hpp"

#include "http/response.hpp"
#include "openapi/components.hpp"
#include "openapi/operation.hpp"

namespace larder::openapi {

namespace {

Value text() { return object({{"type", "string"}}); }

Value one_of(Value::Array values) {
    return object({{"type", "string"}, {"enum", std::move(values)}});
}

Value::Object media(std::string_view type, Value schema) {
    return {{std::string(type), object({{"schema", std::move(schema)}})}};
}

/// What the answer of a server with nothing wrong looks like.
Value health_example() {
    return object({{"status", "healthy"},
                   {"api", "operational"},
                   {"database", "connected"},
                   {"redis", "connected"},
                   {"cache_fallback", "enabled"},
                   {"feed", "connected"},
                   {"feed_lag_ms", Value::json("0.8")}});
}

Value health_schema() {
    const Value connection = one_of({"connected", "disconnected"});
    const Value lag = object({{"type", "number"},
                              {"minimum", 0},
                              {"description", "How far larder-feed is behind, in milliseconds."}});
    return object(
        {{"type", "object"},
         {"required", array({"status", "api", "database", "redis", "cache_fallback", "feed"})},
         {"properties", object({{"status", one_of({"healthy", "unhealthy"})},
                                {"api", one_of({"operational"})},
                                {"database", connection},
                                {"redis", connection},
                                {"cache_fallback", one_of({"enabled"})},
                                {"feed", connection},
                                {"feed_lag_ms", lag}})}});
}

Value welcome_path() {
    Value::Object forms = media("text/plain", text());
    forms.emplace_back("text/html", object({{"schema", text()}}));
    return path_item(
        {}, {{.method = "get",
              .id = "welcome",
              .tag = std::string(service_tag),
              .summary = "The welcome line",
              .description = "Setting `WELCOME_TEXT`. Whoever accepts HTML gets a page of links.",
              .responses = {{"200", object({{"description", "The line, or the page."},
                                            {"headers", headers({"Vary"})},
                                            {"content", std::move(forms)}})}}}});
}

/// A greeting; `whom` is the parameter that names whom.
Value greeting_path(std::string id, std::string summary, Value whom) {
    const Value schema = object({{"type", "object"},
                                 {"required", array({"message"})},
                                 {"properties", object({{"message", text()}})}});
    const Value example = object({{"message", "Hello, Alice!"}});
    return path_item(
        {std::move(whom)},
        {{.method = "get",
          .id = std::move(id),
          .tag = std::string(service_tag),
          .summary = std::move(summary),
          .responses = {{"200", object({{"description", "The greeting."},
                                        {"headers", headers({})},
                                        {"content", content(http::json_type, schema, example)}})}},
          .errors = {ErrorKind::bad_request}}});
}

Value health_path() {
    const Value body = content(http::json_type, reference("schemas", "Health"), health_example());
    const Value unhealthy =
        object({{"description", "PostgreSQL is out of reach."},
                {"headers", headers({"Retry-After"})},
                {"content", media(http::json_type, reference("schemas", "Health"))}});
    return path_item({},
                     {{.method = "get",
                       .id = "health",
                       .tag = std::string(service_tag),
                       .summary = "What is connected",
                       .description = "Without Redis the server works on, from PostgreSQL.",
                       .responses = {{"200", object({{"description", "PostgreSQL is within reach."},
                                                     {"headers", headers({})},
                                                     {"content", body}})},
                                     {"503", unhealthy}}}});
}

Value metrics_path() {
    return path_item(
        {}, {{.method = "get",
              .id = "metrics",
              .tag = std::string(service_tag),
              .summary = "Numbers for Prometheus",
              .description = "Of all processes of the host. Only for those whom `METRICS_ALLOW`"
                             " names; others get 403.",
              .responses = {{"200", object({{"description", "The text format of Prometheus."},
                                            {"headers", headers({})},
                                            {"content", media("text/plain", text())}})}}}});
}

Value clear_path() {
    const Value done = object({{"ok", true}});
    return path_item(
        {},
        {{.method = "post",
          .id = "clearCaches",
          .tag = std::string(service_tag),
          .summary = "Empty every cache",
          .description = "Of every resource: that of the records and that of the lists.",
          .responses = {{"200", object({{"description", "All caches are empty."},
                                        {"headers", headers({})},
                                        {"content", content(http::json_type,
                                                            object({{"const", done}}), done)}})}},
          .errors = {ErrorKind::unavailable}}});
}

/// A file that nginx serves.
Value file_path(std::string id, std::string summary, std::string_view media_type, Value schema) {
    return path_item(
        {}, {{.method = "get",
              .id = std::move(id),
              .tag = std::string(documentation_tag),
              .summary = std::move(summary),
              .parameters = {reference("parameters", "IfNoneMatch")},
              .responses = {{"200", object({{"description", "The file."},
                                            {"headers", headers({"ETag"})},
                                            {"content", media(media_type, std::move(schema))}})},
                            {"304", not_modified({"ETag"})}}}});
}

}  // namespace

Value::Object service_paths() {
    constexpr std::string_view html = "text/html";
    const Value by_path = object({{"name", "name"},
                                  {"in", "path"},
                                  {"required", true},
                                  {"schema", object({{"type", "string"}, {"minLength", 1}})},
                                  {"example", "Alice"}});
    const Value by_query = object({{"name", "name"},
                                   {"in", "query"},
                                   {"description", "Without it, the guest is greeted."},
                                   {"schema", text()},
                                   {"example", "Alice"}});
    return {
        {"/", welcome_path()},
        {"/user", greeting_path("greet", "Greet somebody, or the guest", by_query)},
        {"/user/{name}", greeting_path("greetByPath", "Greet somebody", by_path)},
        {"/health", health_path()},
        {"/metrics", metrics_path()},
        {"/cache/clear", clear_path()},
        {"/openapi.json",
         file_path("describe", "This description", http::json_type,
                   object({{"type", "object"}, {"required", array({"openapi"})}}))},
        {"/docs", file_path("docs", "Swagger UI", html, text())},
        {"/redoc", file_path("redoc", "ReDoc", html, text())},
        {"/status", file_path("status", "The state of the server, live", html, text())},
    };
}

Value::Object service_schemas() { return {{"Health", health_schema()}}; }

}  // namespace larder::openapi
