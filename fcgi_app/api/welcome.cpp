// GET of the root.

#include <fmt/format.h>

#include "api/operations.hpp"
#include "openapi/components.hpp"

namespace larder {

namespace {

// Its style is a file that nginx serves (www/status); the policy lets nothing else in.
constexpr std::string_view welcome_page = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Larder</title>
<link rel="icon" href="{0}/status/icon.svg">
<link rel="stylesheet" href="{0}/status/page.css">
</head>
<body>
<h1>Larder</h1>
<p>{1}</p>
<ul>
<li><a href="{0}/docs">Documentation to try out</a> (Swagger UI)
<li><a href="{0}/redoc">Documentation to read</a> (ReDoc)
<li><a href="{0}/openapi.json">OpenAPI description</a>
<li><a href="{0}/status">Status</a>, or only <a href="{0}/health">what is connected</a>
</ul>
</body>
</html>
)";
constexpr std::string_view welcome_policy =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'";

/// The text with what HTML would read as markup escaped.
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

class Welcome : public Operation {
public:
    Welcome() : Operation({.path = "/", .is_open = true}) {}

    Lane lane(const Call&) const override { return Lane::now; }

    http::Response answer_now(const Call& call, const Services& services) const override {
        const std::string& text = services.settings.welcome_text;
        http::Response response;
        http::add_header(response, "Vary", "Accept");
        if (call.request().accept.contains("text/html")) {
            response.content_type = "text/html; charset=utf-8";
            http::add_header(response, "Content-Security-Policy", welcome_policy);
            response.body =
                fmt::format(welcome_page, services.settings.public_path, html_escaped(text));
        } else {
            response.content_type = "text/plain; charset=utf-8";
            response.body = text;
        }
        return response;
    }

    openapi::OperationObject describe() const override {
        using namespace openapi;
        const Value text = object({{"type", "string"}});
        const Value forms = object({{"text/plain", object({{"schema", text}})},
                                    {"text/html", object({{"schema", text}})}});
        return {.method = "get",
                .id = "welcome",
                .tag = std::string(service_tag),
                .summary = "The welcome line",
                .description =
                    "Setting `WELCOME_TEXT`. A client that accepts HTML gets a page of"
                    " links.",
                .responses = {{"200", object({{"description", "The line, or the page."},
                                              {"headers", headers({"Vary"})},
                                              {"content", forms}})}}};
    }
};

}  // namespace

std::unique_ptr<Operation> make_welcome() { return std::make_unique<Welcome>(); }

}  // namespace larder
