#include "server/connection.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <iterator>
#include <utility>
#include <vector>

#include "observe/log.hpp"
#include "server/disk_room.hpp"
#include "server/request_id.hpp"
#include "server/request_parameters.hpp"

namespace larder {

namespace {

using State = Connection::State;

// For a part of a long answer. nginx takes it at once, unless its own client is slow and its
// temporary file is full.
constexpr std::chrono::seconds patience{10};
// For a part that nginx passes on as it comes: send_timeout (nginx/server.conf.in).
constexpr std::chrono::seconds patience_with_client{60};
// For the next piece of a body that is a stream: over client_body_timeout (nginx/import.conf).
constexpr std::chrono::seconds patience_with_body{90};
constexpr std::chrono::milliseconds look_again{500};  // whether nginx has hung up
constexpr std::size_t body_buffer = 65536;
constexpr std::size_t usual_answer = 65536;  // the memory that a connection keeps
// Answers up to this size fit into nginx's buffers (fastcgi_buffers), however slow its client is.
constexpr std::size_t buffered_answer = 131072;
// What nginx's disks must have left: min_free of its cache, and for an answer in parts, of any
// length, max_size (nginx/http.conf.in).
constexpr std::uint64_t short_answer_room = 64ULL << 20U;
constexpr std::uint64_t long_answer_room = 1ULL << 30U;

/// The steps that a connection may take.
bool may_follow(State now, State next) {
    switch (now) {
        case State::idle:
            return next == State::reading || next == State::batched || next == State::closed;
        case State::reading:
            return next == State::batched || next == State::idle || next == State::closed;
        case State::batched:
            return next == State::reading || next == State::lent || next == State::gone ||
                   next == State::idle || next == State::writing;
        case State::lent:
            return next == State::reading || next == State::batched || next == State::gone ||
                   next == State::idle || next == State::writing;
        case State::gone: return next == State::closed;
        case State::writing: return next == State::idle || next == State::closed;
        case State::closed: break;
    }
    return false;
}

}  // namespace

Connection::Connection(int fd, const RequestMetrics& metrics, std::size_t body_limit)
    : metrics_(metrics), fd_(fd), reader_(body_limit) {}

Connection::~Connection() {
    if (fd_ >= 0) ::close(fd_);
}

void Connection::move_to(State next) {
    const State now = state();
    if (!may_follow(now, next)) {
        log_error("connection_state", {{"from", std::to_string(static_cast<int>(now))},
                                       {"to", std::to_string(static_cast<int>(next))}});
        std::abort();
    }
    state_.store(next, std::memory_order_relaxed);
}

bool Connection::receive(std::span<char> buffer, Clock::time_point now) {
    if (!early_.empty() && !take(std::exchange(early_, {}), now)) return false;
    while (state() != State::batched) {
        const ssize_t count = recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (count == 0) return false;
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno == EAGAIN;
        const auto size = static_cast<std::size_t>(count);
        if (!take({buffer.data(), size}, now)) return false;
        // The socket is empty, as a rule; its next bytes are a new event.
        if (size < buffer.size()) return true;
    }
    may_be_readable = true;
    return true;
}

/// Takes bytes that have come; moves to `batched` when they end a request.
bool Connection::take(std::string_view bytes, Clock::time_point now) {
    moved_at_ = now;
    if (is_discarding_) return discard(bytes, now);
    if (reader_.is_idle()) received_at_ = now;
    bytes.remove_prefix(reader_.take(bytes));
    if (!reader_.replies().empty()) {
        out_ += std::exchange(reader_.replies(), {});
        if (!send_now() || !out_.empty()) return false;
    }
    if (reader_.has_failed()) return false;
    if (!reader_.is_complete() && !reader_.has_head_of_stream()) {
        if (state() == State::idle && !reader_.is_idle()) move_to(State::reading);
        return true;
    }
    early_ = bytes;
    if (!early_.empty()) may_be_readable = true;
    is_unanswered_ = true;
    status_ = 0;
    route = RequestMetrics::unknown_route;
    take_parameters();
    move_to(State::batched);
    return true;
}

/// Takes what nginx had still to send when the answer was there.
bool Connection::discard(std::string_view bytes, Clock::time_point now) {
    bytes.remove_prefix(reader_.take_body(bytes, {}));
    if (reader_.has_failed()) return false;
    if (!reader_.is_complete()) return true;
    is_discarding_ = false;
    const bool is_kept = reader_.keeps_connection();
    reader_.reset();
    move_to(State::idle);
    return is_kept && (bytes.empty() || take(bytes, now));
}

// In one pass: a search for each name would cost more than all the rest of this.
void Connection::take_parameters() {
    request_ = {};
    reader_.for_each_parameter([this](std::string_view name, std::string_view value) {
        take_parameter(request_, name, value);
    });
    request_.is_stream = reader_.is_stream();
    request_.body = std::move(reader_.body());
    request_.body_too_large = request_.body_too_large || reader_.is_body_too_large();
}

void Connection::lend() {
    identify();
    move_to(State::lent);
}

void Connection::take_back() {
    if (state() != State::gone) move_to(State::batched);
}

bool Connection::hang_up() {
    if (state() == State::gone) return true;
    if (state() != State::batched && state() != State::lent) return false;
    move_to(State::gone);
    return true;
}

bool Connection::give_back() {
    if (std::exchange(is_unanswered_, false)) {
        metrics_.count_abandoned();
        is_broken_ = true;
    }
    if (is_gone()) return false;
    const bool has_rest = reader_.has_head_of_stream();
    if (has_rest && !is_broken_ && out_.empty()) {
        is_discarding_ = true;
        may_be_readable = true;
        moved_at_ = Clock::now();
        move_to(State::reading);
        return true;
    }
    is_broken_ = is_broken_ || has_rest;
    const bool is_over = is_broken_ || (out_.empty() && !reader_.keeps_connection());
    reader_.reset();
    if (is_over) {
        move_to(State::idle);
        return false;
    }
    if (!out_.empty()) moved_at_ = Clock::now();
    move_to(out_.empty() ? State::idle : State::writing);
    return true;
}

Connection::BodyEnd Connection::read_body(const std::function<bool(std::string_view)>& take_part,
                                          const std::function<bool()>& goes_on) {
    bool is_wanted = true;
    const std::function<void(std::string_view)> sink = [&](std::string_view part) {
        is_wanted = is_wanted && take_part(part);
    };
    std::vector<char> buffer(body_buffer);
    std::string_view bytes = early_;
    auto last = Clock::now();
    for (;;) {
        bytes.remove_prefix(reader_.take_body(bytes, sink));
        if (reader_.has_failed()) break;
        if (reader_.is_complete()) {
            // Of the next request, or nothing. The buffer may be where they are.
            early_ = std::string(bytes);
            return is_wanted ? BodyEnd::whole : BodyEnd::unwanted;
        }
        bytes = {};
        early_.clear();
        if (!is_wanted) return BodyEnd::unwanted;
        if (!goes_on()) return BodyEnd::stopped;
        pollfd poller{.fd = fd_, .events = POLLIN, .revents = 0};
        const int ready = poll(&poller, 1, static_cast<int>(look_again.count()));
        if (ready == 0 && (is_gone() || Clock::now() - last > patience_with_body)) break;
        if (ready <= 0) continue;
        const ssize_t count = recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) break;
        if (count < 0) continue;
        last = Clock::now();
        bytes = {buffer.data(), static_cast<std::size_t>(count)};
    }
    is_broken_ = true;
    return BodyEnd::cut;
}

bool Connection::write_rest() {
    if (!send_now()) return false;
    moved_at_ = Clock::now();
    if (!out_.empty()) return true;
    move_to(State::idle);
    return reader_.keeps_connection();
}

void Connection::close() {
    move_to(State::closed);
    ::close(std::exchange(fd_, -1));
}

void Connection::identify() {
    if (!request_.id.empty()) return;
    made_id_ = make_request_id();
    request_.id = made_id_;
}

std::string Connection::head_text(const http::Response& response) {
    status_ = response.status;
    std::string head;
    head.reserve(192 + response.headers.size());
    auto out = std::back_inserter(head);
    if (response.status != 200) {
        fmt::format_to(out, "Status: {} {}\r\n", response.status, http::reason(response.status));
    }
    if (!response.content_type.empty()) {
        head.append("Content-Type: ").append(response.content_type).append("\r\n");
    }
    head += response.headers;
    if (!request_.id.empty() && !response.is_kept) {
        head.append("X-Request-Id: ").append(request_.id).append("\r\n");
    }
    return head;
}

/// nginx cuts an answer off if its temporary file cannot be written. Without buffering it writes
/// none.
std::string_view Connection::buffering(bool is_stream) const {
    const auto needed = is_stream ? long_answer_room : short_answer_room;
    return has_room(request_.disks, needed) ? "" : "X-Accel-Buffering: no\r\n";
}

void Connection::answer(const http::Response& response, Clock::time_point now) {
    std::string head = head_text(response);
    if (response.is_kept || response.body.size() > buffered_answer) head += buffering(false);
    const bool has_content = !response.content_type.empty();
    if (has_content) {
        head.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
    }
    head += "\r\n";
    const bool has_body = has_content && request_.method != http::Method::head;
    if (has_body && response.body.size() <= usual_answer / 2) {
        head += response.body;
        fastcgi::append_output(out_, reader_.id(), head);
    } else {
        fastcgi::append_output(out_, reader_.id(), head);
        if (has_body) fastcgi::append_output(out_, reader_.id(), response.body);
    }
    fastcgi::append_end(out_, reader_.id());
    if (response.is_no_answer) {
        is_unanswered_ = false;
    } else {
        count(now);
    }
    is_broken_ = !send_now();
}

void Connection::begin(const http::Response& head, Pace pace) {
    pace_ = pace;
    const std::string_view how = pace == Pace::of_client ? "" : buffering(true);
    fastcgi::append_output(out_, reader_.id(), fmt::format("{}{}\r\n", head_text(head), how));
}

bool Connection::write(std::string_view part) {
    if (request_.method == http::Method::head) return !is_gone();
    fastcgi::append_output(out_, reader_.id(), part);
    const auto deadline =
        Clock::now() + (pace_ == Pace::of_client ? patience_with_client : patience);
    while (send_now()) {
        if (out_.empty()) return true;
        if (is_gone() || !wait_until_writable(deadline)) break;
    }
    return false;
}

void Connection::finish() {
    fastcgi::append_end(out_, reader_.id());
    count(Clock::now());
    is_broken_ = !send_now();
}

// The descriptor stays open: only the loop closes it. Where it does not buffer, nginx takes the end
// of the connection for the end of the answer, and needs something that is no record (of version
// 0).
void Connection::abandon() {
    if (std::exchange(is_unanswered_, false)) metrics_.count_abandoned();
    is_broken_ = true;
    if (has_begun() && out_.empty()) {
        out_.assign(8, '\0');
        send_now();
    }
    shutdown(fd_, SHUT_RDWR);
}

// Counted before the client can know of the answer: it is found counted even if this process is
// killed right after.
void Connection::count(Clock::time_point now) {
    metrics_.count_answer(route, request_.method, status_, now - received_at_);
    is_unanswered_ = false;
}

/// Sends as much of `out_` as nginx takes at once. False: nginx has gone.
bool Connection::send_now() {
    std::size_t sent = 0;
    while (sent < out_.size()) {
        const ssize_t count =
            send(fd_, out_.data() + sent, out_.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno != EAGAIN) return false;
        if (count < 0) break;
        sent += static_cast<std::size_t>(count);
    }
    if (sent < out_.size()) {
        out_.erase(0, sent);
    } else if (out_.capacity() > usual_answer) {
        out_ = {};
    } else {
        out_.clear();
    }
    return true;
}

bool Connection::wait_until_writable(Clock::time_point deadline) const {
    using std::chrono::milliseconds;
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
    if (left <= left.zero()) return false;
    pollfd poller{.fd = fd_, .events = POLLOUT, .revents = 0};
    poll(&poller, 1, static_cast<int>(std::min(left, look_again).count()));
    return true;
}

}  // namespace larder
