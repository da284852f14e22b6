#include "http/response.hpp"

#include <fmt/format.h>

#include "json/text.hpp"

namespace larder::http {

namespace {

int status_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::bad_request: return 400;
        case ErrorKind::unauthorized: return 401;
        case ErrorKind::forbidden: return 403;
        case ErrorKind::not_found: return 404;
        case ErrorKind::method_not_allowed: return 405;
        case ErrorKind::not_acceptable: return 406;
        case ErrorKind::conflict: return 409;
        case ErrorKind::precondition_failed: return 412;
        case ErrorKind::too_large: return 413;
        case ErrorKind::unsupported_media_type: return 415;
        case ErrorKind::unprocessable: return 422;
        case ErrorKind::unavailable: return 503;
        case ErrorKind::internal: break;
    }
    return 500;
}

}  // namespace

std::string_view reason(int status) {
    switch (status) {
        case 200: return "OK";
        case 201: return "Created";
        case 204: return "No Content";
        case 304: return "Not Modified";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 406: return "Not Acceptable";
        case 409: return "Conflict";
        case 412: return "Precondition Failed";
        case 413: return "Content Too Large";
        case 415: return "Unsupported Media Type";
        case 421: return "Misdirected Request";
        case 422: return "Unprocessable Content";
        case 503: return "Service Unavailable";
        default: return "Internal Server Error";
    }
}

Response look_again(std::string_view target) {
    Response response{.content_type = {}, .is_no_answer = true};
    add_header(response, "X-Accel-Redirect", target);
    return response;
}

void add_header(Response& response, std::string_view name, std::string_view value) {
    response.headers.append(name).append(": ").append(value).append("\r\n");
}

Response problem(const Error& error) {
    Response response;
    response.status = status_of(error.kind);
    response.content_type = "application/problem+json";
    response.headers = error.headers;
    if (error.kind == ErrorKind::unavailable) add_header(response, "Retry-After", "1");
    auto out = std::back_inserter(response.body);
    fmt::format_to(out, R"({{"type":"about:blank","title":{},"status":{},"detail":{})",
                   json::quoted(reason(response.status)), response.status,
                   json::quoted(error.detail));
    if (!error.fields.empty()) {
        std::string_view separator = R"(,"errors":[)";
        for (const FieldError& field : error.fields) {
            const std::string_view kind = field.parameter ? "parameter" : "pointer";
            fmt::format_to(out, R"({}{{"{}":{},"detail":{}}})", separator, kind,
                           json::quoted(field.parameter.value_or(field.pointer)),
                           json::quoted(field.detail));
            separator = ",";
        }
        response.body += ']';
    }
    response.body += '}';
    return response;
}

}  // namespace larder::http
