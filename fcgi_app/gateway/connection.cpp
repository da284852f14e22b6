#include "gateway/connection.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "gateway/request_id.hpp"
#include "number.hpp"

namespace larder {

namespace {

// A body up to this size has arrived with its request, as a rule; the loop reads it at once.
constexpr std::size_t small_body = 65536;

// nginx reads and writes without delay. Should it be stopped in the middle of a request, the loop
// must not wait for ever.
constexpr timeval patience{.tv_sec = 10, .tv_usec = 0};

/// What nginx sends as parameters, and where each goes; see nginx/*.conf.
struct Parameter {
    std::string_view name;
    void (*take)(http::Request&, std::string_view value);
};

template <std::string_view http::Request::*member>
void take_text(http::Request& request, std::string_view value) {
    request.*member = value;
}

template <std::optional<std::string_view> http::Request::*member>
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
    Parameter{"HTTP_CONTENT_ENCODING", take_text<&http::Request::content_encoding>},
    Parameter{"HTTP_ORIGIN", take_text<&http::Request::origin>},
    Parameter{"HTTP_SEC_FETCH_SITE", take_text<&http::Request::sec_fetch_site>},
    Parameter{"HTTP_HOST", take_text<&http::Request::host>},
    Parameter{"HTTP_ACCEPT", take_text<&http::Request::accept>},
    Parameter{"HTTP_TRACEPARENT", take_text<&http::Request::traceparent>},
    Parameter{"BODY_TOO_LARGE",
              [](http::Request& request, std::string_view value) {
                  request.body_too_large = !value.empty();
              }},
    Parameter{"LIST_CACHE",
              [](http::Request& request, std::string_view value) {
                  request.for_list_cache = !value.empty();
              }},
};

}  // namespace

Connection::Connection(int fd, const RequestMetrics& metrics) : metrics_(metrics) {
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    FCGX_InitRequest(&fcgi_, -1, 0);
    fcgi_.ipcFd = fd;
    fcgi_.keepConnection = 1;  // else the first FCGX_Accept_r closes it
    fcgi_.detached = 1;        // else libfcgi's close can linger for 2 s
}

Connection::~Connection() { abandon(); }

// In one pass: a search for each name would cost more than all the rest of this.
void Connection::take_parameters() {
    std::string body = std::move(request_.body);
    body.clear();
    request_ = {};
    request_.body = std::move(body);  // with its memory
    for (char** variable = fcgi_.envp; *variable != nullptr; ++variable) {
        const std::string_view text = *variable;
        const std::size_t equals = std::min(text.find('='), text.size());
        const auto* known = std::ranges::find(parameters, text.substr(0, equals), &Parameter::name);
        if (known != parameters.end()) {
            known->take(request_, text.substr(std::min(equals + 1, text.size())));
        }
    }
}

bool Connection::receive(Clock::time_point now) {
    fcgi_.detached = 1;
    if (FCGX_Accept_r(&fcgi_) < 0) return false;
    received_at_ = now;
    is_unanswered_ = true;
    route = RequestMetrics::unknown_route;
    take_parameters();
    has_unread_body_ = !request_.body_too_large && request_.content_length > small_body;
    return has_unread_body_ || read_body();
}

void Connection::identify() {
    if (!request_.id.empty()) return;
    made_id_ = make_request_id();
    request_.id = made_id_;
}

bool Connection::read_body() {
    has_unread_body_ = false;
    if (request_.body_too_large) return read_to_end(0);
    request_.body.resize(request_.content_length);
    return read_to_end(request_.content_length);
}

// To the end of the stream, also where there is no body: what is left unread would be taken for
// the next request.
bool Connection::read_to_end(std::size_t length) {
    std::size_t have = 0;
    while (have < length) {
        const int count =
            FCGX_GetStr(request_.body.data() + have, static_cast<int>(length - have), fcgi_.in);
        if (count <= 0) return false;
        have += static_cast<std::size_t>(count);
    }
    char rest = 0;
    while (FCGX_GetStr(&rest, 1, fcgi_.in) > 0) {
    }
    return FCGX_GetError(fcgi_.in) == 0;
}

std::string Connection::head_text(const http::Response& response) {
    status_ = response.status;
    std::string head;
    head.reserve(160 + response.headers.size());
    auto out = std::back_inserter(head);
    if (response.status != 200) {
        fmt::format_to(out, "Status: {} {}\r\n", response.status, http::reason(response.status));
    }
    if (!response.content_type.empty()) {
        head.append("Content-Type: ").append(response.content_type).append("\r\n");
    }
    head += response.headers;
    if (!request_.id.empty() && !response.is_kept) {
        fmt::format_to(out, "X-Request-Id: {}\r\n", request_.id);
    }
    return head;
}

void Connection::answer(const http::Response& response, Clock::time_point now) {
    std::string head = head_text(response);
    const bool has_content = !response.content_type.empty();
    if (has_content) {
        head.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
    }
    write(head.append("\r\n"));
    if (has_content && request_.method != http::Method::head) write(response.body);
    end_answer(now);
}

void Connection::begin(const http::Response& head) { write(head_text(head) + "\r\n"); }

bool Connection::write(std::string_view part) {
    return FCGX_PutStr(part.data(), static_cast<int>(part.size()), fcgi_.out) >= 0;
}

void Connection::finish() { end_answer(Clock::now()); }

// Counted before the client can know of the answer: whoever kills this process finds it counted.
void Connection::end_answer(Clock::time_point now) {
    metrics_.count_answer(route, request_.method, status_, now - received_at_);
    is_unanswered_ = false;
    FCGX_Finish_r(&fcgi_);
}

void Connection::abandon() {
    if (std::exchange(is_unanswered_, false)) metrics_.count_abandoned();
    const int fd = std::exchange(fcgi_.ipcFd, -1);
    FCGX_Free(&fcgi_, 0);
    if (fd >= 0) close(fd);
}

}  // namespace larder
