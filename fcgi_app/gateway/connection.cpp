#include "gateway/connection.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "number.hpp"

namespace larder {

namespace {

// A body up to this size has arrived with its request, as a rule; the loop reads it at once.
constexpr std::size_t small_body = 65536;

// nginx reads and writes without delay. Should it be stopped in the middle of a request, the loop
// must not wait for ever.
constexpr timeval patience{.tv_sec = 10, .tv_usec = 0};

std::string head_text(const http::Response& response) {
    std::string head;
    head.reserve(160 + response.headers.size());
    auto out = std::back_inserter(head);
    if (response.status != 200) {
        fmt::format_to(out, "Status: {} {}\r\n", response.status, http::reason(response.status));
    }
    if (!response.content_type.empty()) {
        fmt::format_to(out, "Content-Type: {}\r\n", response.content_type);
    }
    head += response.headers;
    return head;
}

}  // namespace

Connection::Connection(int fd) {
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    FCGX_InitRequest(&fcgi_, -1, 0);
    fcgi_.ipcFd = fd;
    fcgi_.keepConnection = 1;  // else the first FCGX_Accept_r closes it
    fcgi_.detached = 1;        // else libfcgi's close can linger for 2 s
}

Connection::~Connection() { abandon(); }

std::string_view Connection::parameter(const char* name) const {
    const char* value = FCGX_GetParam(name, fcgi_.envp);
    return value == nullptr ? std::string_view() : value;
}

bool Connection::receive() {
    fcgi_.detached = 1;
    if (FCGX_Accept_r(&fcgi_) < 0) return false;
    request_.method = http::method_from(parameter("REQUEST_METHOD"));
    request_.target = parameter("REQUEST_URI");
    request_.content_type = parameter("CONTENT_TYPE");
    request_.if_none_match = parameter("HTTP_IF_NONE_MATCH");
    request_.if_match = parameter("HTTP_IF_MATCH");
    request_.accept = parameter("HTTP_ACCEPT");
    request_.body_too_large = !parameter("BODY_TOO_LARGE").empty();
    request_.for_list_cache = !parameter("LIST_CACHE").empty();
    request_.body.clear();
    request_.content_length = to_number<std::uint64_t>(parameter("CONTENT_LENGTH")).value_or(0);
    has_unread_body_ = !request_.body_too_large && request_.content_length > small_body;
    return has_unread_body_ || read_body();
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

void Connection::answer(const http::Response& response) {
    std::string text = head_text(response);
    if (response.content_type.empty()) {
        text += "\r\n";
    } else {
        fmt::format_to(std::back_inserter(text), "Content-Length: {}\r\n\r\n",
                       response.body.size());
        if (request_.method != http::Method::head) text += response.body;
    }
    write(text);
    finish();
}

void Connection::begin(const http::Response& head) { write(head_text(head) + "\r\n"); }

bool Connection::write(std::string_view part) {
    return FCGX_PutStr(part.data(), static_cast<int>(part.size()), fcgi_.out) >= 0;
}

void Connection::finish() { FCGX_Finish_r(&fcgi_); }

void Connection::abandon() {
    const int fd = std::exchange(fcgi_.ipcFd, -1);
    FCGX_Free(&fcgi_, 0);
    if (fd >= 0) close(fd);
}

}  // namespace larder
