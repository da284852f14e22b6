#include "http/parameters.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "fuzz/json_judge.hpp"
#include "fuzz/target.hpp"
#include "http/origin.hpp"
#include "http/request.hpp"

using namespace larder;

namespace {

constexpr std::array<std::string_view, 3> known = {"limit", "name", "department"};

std::string encoded(std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        out += {'%', hex[byte >> 4U], hex[byte & 15U]};
    }
    return out;
}

void check_query(std::string_view query) {
    const auto errors = http::check_parameters(query, known);
    MUST(errors.size() <= 50);
    for (const FieldError& error : errors) {
        MUST(!error.detail.empty() && error.pointer.empty());
        MUST(error.parameter && fuzz::is_utf8_text(*error.parameter));
        MUST(fuzz::is_utf8_text(error.detail));
        // Once each, so that a client sees every name of which something is wrong.
        MUST(std::ranges::count(errors, error.parameter, &FieldError::parameter) == 1);
    }
    const bool has_parameter = query.find_first_not_of('&') != query.npos;
    MUST(http::check_parameters(query, {}).empty() == !has_parameter);
}

void check_value(std::string_view value) {
    const std::string query = "limit=" + encoded(value) + "&&name=";
    MUST(http::check_parameters(query, known).empty() == fuzz::is_utf8_text(value));
    MUST(http::check_parameters(query + "&lim%69t=1", known).size() == 1);
}

void check_origin(std::string_view text) {
    const std::string host(text);
    const bool has_authority = !host.empty();
    MUST(http::is_own_origin("http://" + host, host) == has_authority);
    MUST(http::is_own_origin("HTTPS://" + host, host) == has_authority);
    MUST(!http::is_own_origin("ftp://" + host, host));
    MUST(!http::is_own_origin("http://x" + host, host));
    http::Request request;
    request.origin = text;
    request.host = "larder.example";
    MUST(http::check_origin(request).has_value() ==
         (text.empty() || http::is_own_origin(text, "larder.example")));
}

}  // namespace

// Query parameters, the origin of a page and Content-Encoding.
FUZZ_TARGET(parameters) {
    check_query(input);
    check_value(input);
    check_origin(input);
    const bool is_plain = http::check_content_encoding(input).has_value();
    const std::string more = std::string(input) + ", Identity";
    MUST(http::check_content_encoding(more).has_value() == is_plain);
    MUST(!http::check_content_encoding(std::string(input) + ",gzip"));
}
