#pragma once

#include <fcgiapp.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "gateway/request_metrics.hpp"
#include "http/request.hpp"
#include "http/response.hpp"

namespace larder {

/// One FastCGI connection from nginx, which carries one request after another; owns the descriptor.
/// It belongs to the loop thread, or, while it `is_lent`, to the store thread that
/// answers its request. This class and the server are the only code that knows libfcgi.
///
/// Every request is counted here, before the end of its answer is sent.
class Connection {
public:
    using Clock = std::chrono::steady_clock;

    /// Takes over an accepted descriptor. `metrics` must outlive this.
    Connection(int fd, const RequestMetrics& metrics);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    int descriptor() const { return fcgi_.ipcFd; }
    bool is_open() const { return fcgi_.ipcFd >= 0; }

    /// Reads the head of the next request, and its body if that is small. False: the connection is
    /// closed or broken. Blocks only where nginx has not sent everything at once. `now` is when the
    /// request came.
    bool receive(Clock::time_point now);

    /// Whether the body is still to be read with `read_body`, by a thread that may wait for it.
    bool has_unread_body() const { return has_unread_body_; }
    bool read_body();

    const http::Request& request() const { return request_; }

    /// Gives the request an id if it has none, so that its lines in the log can be told apart. The
    /// answer carries the id of a request that has one.
    void identify();

    /// For a store thread to answer the request, which has an id then.
    void lend() {
        is_lent = true;
        identify();
    }

    /// Sends the whole answer and ends the request. `now` may be a little old.
    void answer(const http::Response& response, Clock::time_point now = Clock::now());

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
    RequestMetrics::RouteNumber route = RequestMetrics::unknown_route;  ///< of this request

private:
    void take_parameters();
    bool read_to_end(std::size_t length);
    std::string head_text(const http::Response& response);
    void end_answer(Clock::time_point now);

    const RequestMetrics& metrics_;
    FCGX_Request fcgi_{};
    http::Request request_;
    std::string made_id_;
    bool has_unread_body_ = false;
    bool is_unanswered_ = false;
    int status_ = 0;  // of the answer
    Clock::time_point received_at_;
};

}  // namespace larder
