#include "server/request_parameters.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "number.hpp"

namespace larder {

namespace {

/// Where a parameter goes.
struct Parameter {
    std::string_view name;
    void (*take)(http::Request&, std::string_view value);
};

template <std::string_view http::Request::* member>
void take_text(http::Request& request, std::string_view value) {
    request.*member = value;
}

template <std::optional<std::string_view> http::Request::* member>
void take_sent(http::Request& request, std::string_view value) {
    request.*member = value;
}

constexpr std::array parameters = {
    Parameter{"REQUEST_URI", take_text<&http::Request::target>},
    Parameter{"REQUEST_METHOD",
              [](http::Request& request, std::string_view value) {
                  request.method = http::method_from(value);
              }},
    Parameter{"REQUEST_ID", take_text<&http::Request::id>},
    Parameter{"CONTENT_TYPE", take_text<&http::Request::content_type>},
    Parameter{"CONTENT_LENGTH",
              [](http::Request& request, std::string_view value) {
                  request.content_length = to_number<std::uint64_t>(value).value_or(0);
              }},
    Parameter{"HTTP_IF_NONE_MATCH", take_sent<&http::Request::if_none_match>},
    Parameter{"HTTP_IF_MATCH", take_sent<&http::Request::if_match>},
    // Newer nginx joins fields of one name, older ones hand over each.
    Parameter{"HTTP_IDEMPOTENCY_KEY",
              [](http::Request& request, std::string_view value) {
                  request.idempotency_key = request.idempotency_key ? std::string_view() : value;
              }},
    Parameter{"HTTP_CONTENT_ENCODING",
              [](http::Request& request, std::string_view value) {
                  // One that is refused stays, whatever comes beside it.
                  if (http::check_content_encoding(request.content_encoding)) {
                      request.content_encoding = value;
                  }
              }},
    Parameter{"HTTP_ORIGIN", take_text<&http::Request::origin>},
    Parameter{"HTTP_SEC_FETCH_SITE", take_text<&http::Request::sec_fetch_site>},
    Parameter{"HTTP_HOST", take_text<&http::Request::host>},
    Parameter{"HTTP_AUTHORIZATION", take_text<&http::Request::authorization>},
    Parameter{"ORIGIN_ALLOWED",
              [](http::Request& request, std::string_view value) {
                  request.is_origin_allowed = !value.empty();
              }},
    Parameter{"METRICS_ALLOWED",
              [](http::Request& request, std::string_view value) {
                  request.may_read_metrics = !value.empty();
              }},
    Parameter{"HTTP_ACCEPT", take_text<&http::Request::accept>},
    Parameter{"HTTP_TRACEPARENT", take_text<&http::Request::traceparent>},
    Parameter{"NGINX_DISKS", take_text<&http::Request::disks>},
    Parameter{"BODY_TOO_LARGE",
              [](http::Request& request, std::string_view value) {
                  request.body_too_large = !value.empty();
              }},
    Parameter{"LIST_TAG", take_text<&http::Request::list_tag>},
    Parameter{"LIST_LOOKS", [](http::Request& request,
                               std::string_view value) { request.is_first_look = value == "1"; }},
    Parameter{"LIST_CACHE",
              [](http::Request& request, std::string_view value) {
                  request.for_list_cache = !value.empty();
              }},
};

}  // namespace

void take_parameter(http::Request& request, std::string_view name, std::string_view value) {
    const auto* known = std::ranges::find(parameters, name, &Parameter::name);
    if (known != parameters.end()) known->take(request, value);
}

}  // namespace larder
