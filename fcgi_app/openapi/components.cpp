#include "openapi/components.hpp"

#include <fmt/format.h>

#include <vector>

#include "catalog/resource.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "json/document.hpp"
#include "openapi/operation.hpp"
#include "query/query.hpp"

namespace larder::openapi {

namespace {

constexpr std::string_view problem_type = "application/problem+json";

/// A kind of error as the document tells it; `example` is answered by the same code as a real one.
struct ErrorText {
    std::string meaning;
    Error example;
};

const std::vector<ErrorText>& error_texts() {
    static const std::vector<ErrorText> table = {
        {fmt::format(
             "The body is not JSON, is not UTF-8, holds NUL or a duplicate key, or is nested over"
             " {} deep; or the path is not UTF-8; or `If-Match`, `If-None-Match` or "
             "`Idempotency-Key`"
             " is malformed.",
             json::depth_limit),
         {.kind = ErrorKind::bad_request, .detail = "The name is not UTF-8."}},
        {"There is no token, or it is not valid: `WWW-Authenticate` says why (RFC 6750).",
         {.kind = ErrorKind::unauthorized, .detail = "This needs a token."}},
        {"A page of another origin has sent a write (`Origin`, `Sec-Fetch-Site`; setting"
         " `CORS_ORIGINS`), or the roles of the token have not this right, or the database"
         " does not let Larder make this change (row-level security, a privilege), or the metrics"
         " are not for this client (setting `METRICS_ALLOW`).",
         {.kind = ErrorKind::forbidden,
          .detail = "A page of another site must not change anything here: Sec-Fetch-Site is"
                    " cross-site."}},
        {"There is no such record, or the id is not of the right form.",
         {.kind = ErrorKind::not_found, .detail = "Product with id '7' not found"}},
        {"The path does not know the method; `Allow` names those that it knows.",
         {.kind = ErrorKind::method_not_allowed,
          .detail = "This path knows the methods POST, OPTIONS."}},
        {"`Accept` names a form that this list cannot have, and no other one.",
         {.kind = ErrorKind::not_acceptable,
          .detail = "Records of /items have no columns, so they cannot be CSV; ask for"
                    " application/x-ndjson."}},
        {"Another record has this value, which only one may have; or, of DELETE, other records "
         "refer to"
         " this one; or a request with this `Idempotency-Key` is under way, which `Retry-After`"
         " tells.",
         {.kind = ErrorKind::conflict,
          .detail = "Employee with employee_id 'E-1001' already exists"}},
        {"The record is not the one that `If-Match` names, or is one that `If-None-Match` names.",
         {.kind = ErrorKind::precondition_failed,
          .detail = "The record has changed since it was read."}},
        {"The body is over the limit (setting `BODY_LIMIT_BYTES`).",
         {.kind = ErrorKind::too_large, .detail = "The body must not be over 1048576 bytes."}},
        {"The body has another content type than it must have, or a `Content-Encoding`.",
         {.kind = ErrorKind::unsupported_media_type,
          .detail = "The content type must be one of application/json, application/x-ndjson."}},
        {"Fields of the body, or parameters of the query, are missing, unknown, or break their "
         "rules:"
         " `errors` names every one. Or the `Idempotency-Key` came with another request before.",
         {.kind = ErrorKind::unprocessable,
          .detail = "The request body has invalid fields.",
          .fields = {{.pointer = "/price", .detail = "must be 0 or more"}}}},
        {"PostgreSQL is out of reach, or too many requests are waiting.",
         {.kind = ErrorKind::unavailable, .detail = "The database is out of reach."}},
    };
    return table;
}

/// `Not Found` is the component `NotFound`.
std::string component_name(int status) { return joined(http::reason(status)); }

Value text_schema() { return object({{"type", "string"}}); }

Value tag_schema() { return object({{"type", "string"}, {"pattern", "^(W/)?\".*\"$"}}); }

Value problem_schema() {
    const Value pointer = object({{"type", "string"}, {"format", "json-pointer"}});
    const Value refused =
        object({{"type", "object"},
                {"description", "With `pointer` into the body, or the `parameter` of the query."},
                {"required", array({"detail"})},
                {"properties", object({{"pointer", pointer},
                                       {"parameter", text_schema()},
                                       {"detail", text_schema()}})}});
    return object(
        {{"type", "object"},
         {"description", "Problem details (RFC 9457)."},
         {"required", array({"type", "title", "status", "detail"})},
         {"properties",
          object(
              {{"type", object({{"type", "string"}, {"format", "uri-reference"}})},
               {"title", text_schema()},
               {"status", object({{"type", "integer"}, {"minimum", 400}, {"maximum", 599}})},
               {"detail", text_schema()},
               {"errors",
                object({{"type", "array"},
                        {"description",
                         "Every field of the body, and every query parameter, that was refused."},
                        {"items", refused}})}})}});
}

Value header(bool is_required, std::string_view description, Value schema) {
    return object(
        {{"description", description}, {"required", is_required}, {"schema", std::move(schema)}});
}

Value response_headers(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::unauthorized: return headers({"WWW-Authenticate"});
        case ErrorKind::method_not_allowed: return headers({"Allow"});
        case ErrorKind::unavailable: return headers({"Retry-After"});
        case ErrorKind::conflict: {
            Value::Object members = {
                {"Retry-After", header(false, "Seconds after which to try again.",
                                       object({{"type", "integer"}, {"minimum", 1}}))}};
            members.emplace_back("X-Request-Id", reference("headers", "X-Request-Id"));
            return members;
        }
        case ErrorKind::unsupported_media_type:
            return headers({"Accept-Post", "Accept-Patch", "Accept-Encoding"});
        default: return headers({});
    }
}

}  // namespace

Value::Member error_response(ErrorKind kind) {
    const int status = http::problem({.kind = kind}).status;
    return {std::to_string(status), reference("responses", component_name(status))};
}

Value allow_headers(std::string_view methods) {
    return object({{"Allow", header(true, "The methods of the path.",
                                    object({{"type", "string"}, {"const", methods}}))},
                   {"X-Request-Id", reference("headers", "X-Request-Id")}});
}

Value headers(std::initializer_list<std::string_view> names) {
    Value::Object members;
    for (const std::string_view name : names) {
        members.emplace_back(name, reference("headers", name));
    }
    members.emplace_back("X-Request-Id", reference("headers", "X-Request-Id"));
    return members;
}

Value new_record_headers() {
    Value::Object members = {
        {"ETag", header(false, "The version of a single record.", tag_schema())},
        {"Location", header(false, "The path of a single record.", text_schema())},
        {"Idempotent-Replayed", reference("headers", "Idempotent-Replayed")},
        {"X-Request-Id", reference("headers", "X-Request-Id")}};
    return members;
}

Value not_modified(std::initializer_list<std::string_view> names) {
    return object({{"description", "The version is the one that `If-None-Match` names."},
                   {"headers", headers(names)}});
}

Value::Object common_schemas() { return {{"Problem", problem_schema()}}; }

Value::Object common_responses(bool is_guarded) {
    const Value schema = reference("schemas", "Problem");
    Value::Object members;
    for (const auto& [meaning, example] : error_texts()) {
        if (example.kind == ErrorKind::unauthorized && !is_guarded) continue;
        const auto answer = http::problem(example);
        members.emplace_back(
            component_name(answer.status),
            object({{"description", meaning},
                    {"headers", response_headers(example.kind)},
                    {"content", content(problem_type, schema, Value::json(answer.body))}}));
    }
    members.emplace_back(
        "InvalidParameter",
        object(
            {{"description",
              "A parameter of the query is unknown, comes twice, or is out of its range: `errors`"
              " names every one. Or the `Idempotency-Key` came with another request before."},
             {"headers", headers({})},
             {"content", content(problem_type, schema)}}));
    members.emplace_back("MisdirectedRequest",
                         object({{"description",
                                  "The server does not answer for this `Host` (setting"
                                  " `SERVER_NAMES`)."},
                                 {"headers", headers({})},
                                 {"content", content(problem_type, schema)}}));
    members.emplace_back(
        "Error",
        object(
            {{"description",
              "Any other error, such as 414 for too long an address, 429 with `Retry-After`"
              " for too many requests (settings `RATE_LIMIT`, `CONNECTIONS_PER_ADDRESS`), or 500."},
             {"headers", headers({})},
             {"content", content(problem_type, schema)}}));
    return members;
}

Value::Object security_schemes() {
    return {
        {"token", object({{"type", "http"},
                          {"scheme", "bearer"},
                          {"description",
                           "One of Larder's own tokens, which the operator makes with `larder token"
                           " create`, or a JWT of the identity provider."}})}};
}

Value::Object common_headers(bool is_guarded) {
    const Value tag = tag_schema();
    const Value cache = object({{"type", "string"}, {"enum", array({"HIT", "MISS", "BYPASS"})}});
    const Value seconds = object({{"type", "integer"}, {"minimum", 1}});
    Value::Object members = {
        {"ETag",
         header(true, "The version of what is answered; cached or not, it is the same.", tag)},
        {"X-Cache",
         header(true, "Whether the answer comes from a cache; `BYPASS`: no cache could be asked.",
                cache)},
        {"Retry-After", header(true, "Seconds after which to try again.", seconds)},
        {"Allow", header(true, "The methods of the path.", text_schema())},
        {"Accept-Post", header(false, "For POST: the content types that it takes.", text_schema())},
        {"Accept-Patch", header(false, "For PATCH: the content type that it takes.",
                                object({{"type", "string"}, {"const", http::merge_patch_type}}))},
        {"Accept-Encoding", header(false, "For a `Content-Encoding`: the one that bodies may have.",
                                   object({{"type", "string"}, {"const", "identity"}}))},
        {"Idempotent-Replayed",
         header(false,
                "The write was done before, under this `Idempotency-Key`; this is the same answer.",
                object({{"type", "string"}, {"const", "true"}}))},
        {"Link",
         header(false,
                "Leads to the rest of the list, as `<…>; rel=\"next\"` (RFC 8288); without it,"
                " this is the end.",
                text_schema())},
        {"X-Total-Count", header(false, "For `count=exact`: how many records all pages have.",
                                 object({{"type", "integer"}, {"minimum", 0}}))},
        {"Vary", header(true, "What in the request decides on the form of the answer.",
                        object({{"type", "string"}, {"const", "Accept"}}))},
        {"X-Request-Id",
         header(false,
                "What the request is called in the logs. An answer from a cache has none, unless"
                " `TRACE_READS` is set.",
                object({{"type", "string"}, {"pattern", "^[0-9a-f]{32}$"}}))},
    };
    if (is_guarded) {
        members.emplace_back(
            "WWW-Authenticate",
            header(true, "How to show a token, and what is wrong with the one that was shown.",
                   object({{"type", "string"}, {"pattern", "^Bearer realm=\"larder\""}})));
    }
    return members;
}

Value::Object common_parameters() {
    const auto condition = [](std::string_view name, std::string_view meaning) {
        return object({{"name", name},
                       {"in", "header"},
                       {"description", meaning},
                       {"schema", text_schema()}});
    };
    const auto parameter = [](std::string_view name, std::string_view meaning, Value schema) {
        return object({{"name", name},
                       {"in", "query"},
                       {"description", meaning},
                       {"schema", std::move(schema)}});
    };
    const Value limit =
        object({{"type", "integer"}, {"minimum", 1}, {"maximum", std::int64_t{longest_list}}});
    return {
        {"IfNoneMatch",
         condition("If-None-Match",
                   "An `ETag`: the answer is 304 as long as it is the present one.")},
        {"IfNoneMatchForWrite",
         condition("If-None-Match",
                   "An `ETag`: the answer is 412 if it is the present one, and nothing is"
                   " changed. `*` stands for any.")},
        {"IfMatch",
         condition("If-Match",
                   "An `ETag`: the answer is 412 if it is not the present one, and nothing"
                   " is changed. `*` stands for any.")},
        {"IdempotencyKey",
         object(
             {{"name", "Idempotency-Key"},
              {"in", "header"},
              {"description",
               "A text of your choice for this one write, such as a UUID in quotes: however often"
               " the same request is sent with it, the write is done once and answered the same"
               " (setting `IDEMPOTENCY_TTL`)."},
              {"schema", object({{"type", "string"}, {"minLength", 1}})}})},
        {"Limit", object({{"name", "limit"},
                          {"in", "query"},
                          {"description", "How many records at most; without it, all."},
                          {"schema", limit},
                          {"example", 10}})},
        {"After",
         parameter(
             "after",
             "The rest after a page; the value comes from its header `Link`, and holds for the"
             " same filters and the same order.",
             object({{"type", "string"}, {"pattern", "^[A-Za-z0-9_-]{18,}$"}}))},
        {"Count", parameter("count", "`exact`: the answer has `X-Total-Count`.",
                            object({{"type", "string"}, {"enum", array({"exact"})}}))},
        {"Words",
         parameter("q", "Words to be found. `\"…\"`: next to each other; `or`; `-word`: not there.",
                   object({{"type", "string"},
                           {"minLength", 1},
                           {"maxLength", std::int64_t{query::longest_value}}}))},
    };
}

}  // namespace larder::openapi
