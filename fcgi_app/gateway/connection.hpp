#pragma once

#include <fcgiapp.h>

#include <atomic>
#include <cstddef>
#include <string_view>

#include "http/request.hpp"
#include "http/response.hpp"

namespace larder {

/// One FastCGI connection from nginx, which carries one request after another; owns the descriptor.
/// It belongs to the loop thread, or, while it `is_lent`, to the store thread that
/// answers its request. This class and the server are the only code that knows libfcgi.
class Connection {
public:
    /// Takes over an accepted descriptor.
    explicit Connection(int fd);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    int descriptor() const { return fcgi_.ipcFd; }
    bool is_open() const { return fcgi_.ipcFd >= 0; }

    /// Reads the head of the next request, and its body if that is small. False: the connection is
    /// closed or broken. Blocks only where nginx has not sent everything at once.
    bool receive();

    /// Whether the body is still to be read with `read_body`, by a thread that may wait for it.
    bool has_unread_body() const { return has_unread_body_; }
    bool read_body();

    const http::Request& request() const { return request_; }

    /// Sends the whole answer and ends the request.
    void answer(const http::Response& response);

    /// Sends an answer in parts, of a length not known before. `write` gives false when nginx has
    /// gone. `abandon` cuts the answer off in a way that nginx notices, and ends the connection.
    void begin(const http::Response& head);
    bool write(std::string_view part);
    void finish();
    void abandon();

    // What the loop knows of it.
    bool is_lent = false;               ///< a store thread has it
    bool may_be_readable = false;       ///< epoll said so while it was lent
    std::atomic<bool> is_gone = false;  ///< nginx has hung up: nobody waits for the answer

private:
    std::string_view parameter(const char* name) const;
    bool read_to_end(std::size_t length);

    FCGX_Request fcgi_{};
    http::Request request_;
    bool has_unread_body_ = false;
};

}  // namespace larder
