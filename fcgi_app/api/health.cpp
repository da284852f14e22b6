// GET of the health: whether this worker lives, and what it can reach.

#include <fmt/format.h>

#include "api/operations.hpp"
#include "openapi/components.hpp"

namespace larder {

namespace {

using namespace openapi;

Value one_of(Value::Array values) {
    return object({{"type", "string"}, {"enum", std::move(values)}});
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

/// The members that tell of larder-feed.
std::string feed_health(const SharedState& state) {
    if (!is_feed_alive(state)) return R"("feed": "disconnected")";
    return fmt::format(R"("feed": "connected", "feed_lag_ms": {})",
                       static_cast<double>(state.feed_lag_us.load()) / 1000.0);
}

/// What is connected. `/health` and `/health/ready` are two names of it.
class Health : public Operation {
public:
    Health(std::string path, std::string id, std::string summary)
        : Operation({.path = std::move(path), .is_open = true}),
          id_(std::move(id)),
          summary_(std::move(summary)) {}

    Lane lane(const Call&) const override { return Lane::probe; }

    http::Response answer_probed(const Services& services, Signs signs) const override {
        http::Response response;
        response.status = signs.database ? 200 : 503;
        if (!signs.database) http::add_header(response, "Retry-After", "1");
        http::add_header(response, "Cache-Control", "no-store");
        response.body = fmt::format(
            R"({{"status": "{}", "api": "operational", "database": "{}", "redis": "{}", )"
            R"("cache_fallback": "enabled", {}}})",
            signs.database ? "healthy" : "unhealthy", signs.database ? "connected" : "disconnected",
            signs.redis ? "connected" : "disconnected", feed_health(services.memory));
        return response;
    }

    openapi::OperationObject describe() const override {
        const Value body =
            content(http::json_type, reference("schemas", "Health"), health_example());
        const Value unhealthy =
            object({{"description", "PostgreSQL is out of reach."},
                    {"headers", headers({"Retry-After"})},
                    {"content", content(http::json_type, reference("schemas", "Health"))}});
        return {.method = "get",
                .id = id_,
                .tag = std::string(service_tag),
                .summary = summary_,
                .description = "Without Redis the server works on, from PostgreSQL.",
                .responses = {{"200", object({{"description", "PostgreSQL is within reach."},
                                              {"headers", headers({})},
                                              {"content", body}})},
                              {"503", unhealthy}}};
    }

private:
    const std::string id_;
    const std::string summary_;
};

/// Whether this worker answers, with no look at any store.
class Live : public Operation {
public:
    Live() : Operation({.path = "/health/live", .is_open = true}) {}

    Lane lane(const Call&) const override { return Lane::now; }

    http::Response answer_now(const Call&, const Services&) const override {
        http::Response response{.body = R"({"status": "live"})"};
        http::add_header(response, "Cache-Control", "no-store");
        return response;
    }

    openapi::OperationObject describe() const override {
        const Value live = object({{"status", "live"}});
        return {.method = "get",
                .id = "live",
                .tag = std::string(service_tag),
                .summary = "Whether a worker answers",
                .description =
                    "For a supervisor that restarts what does not answer. It looks at"
                    " neither PostgreSQL nor Redis.",
                .responses = {
                    {"200", object({{"description", "A worker answers."},
                                    {"headers", headers({})},
                                    {"content", content(http::json_type, object({{"const", live}}),
                                                        live)}})}}};
    }
};

}  // namespace

std::unique_ptr<Operation> make_health() {
    return std::make_unique<Health>("/health", "health", "What is connected");
}

std::unique_ptr<Operation> make_ready() {
    return std::make_unique<Health>("/health/ready", "ready", "Whether requests can be served");
}

std::unique_ptr<Operation> make_live() { return std::make_unique<Live>(); }

json::Value health_schema() {
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

}  // namespace larder
