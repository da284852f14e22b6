#include "client.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

namespace larder::bench {

namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

constexpr std::chrono::seconds patience{10};  // for answers that are still out at the end
constexpr std::size_t buffer_size = 262144;

[[noreturn]] void throw_errno(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

timespec until(Clock::time_point now, Clock::time_point then) {
    const auto left = std::max(nanoseconds(then - now), nanoseconds(0)).count();
    return {.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
}

}  // namespace

Client::Client(const Options& options, std::span<const std::string_view> requests)
    : options_(options),
      requests_(requests),
      connections_(options.connections),
      buffer_(buffer_size),
      epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) throw_errno("epoll_create1");
    for (Connection& connection : connections_) {
        if (!open(connection)) throw_errno("connect");
        free_.push_back(&connection);
    }
}

Client::~Client() {
    for (Connection& connection : connections_) close(connection);
    ::close(epoll_);
}

bool Client::open(Connection& connection) const {
    close(connection);
    connection.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection.fd < 0) return false;
    const int on = 1;
    setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &connection;
    if (connect(connection.fd, generic, sizeof(address)) == 0 &&
        epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event) == 0) {
        return true;
    }
    close(connection);
    return false;
}

void Client::close(Connection& connection) const {
    if (connection.fd >= 0) ::close(connection.fd);
    connection.fd = -1;
}

Tally Client::run(Clock::time_point start, Clock::time_point end) {
    if (options_.rate > 0) schedule_.emplace(start, options_.rate);
    std::this_thread::sleep_until(start);
    tally_.last = start;
    loop(end);
    tally_.broken += waiting_;
    while (schedule_ && may_start(end, end)) {
        schedule_->take();
        ++asked_;
        ++tally_.broken;
    }
    return tally_;
}

bool Client::may_start(Clock::time_point now, Clock::time_point end) const {
    if (options_.once && asked_ >= requests_.size()) return false;
    return schedule_ ? schedule_->next() < end : now < end;
}

void Client::loop(Clock::time_point end) {
    std::array<epoll_event, 512> events{};
    const auto last_call = end + patience;
    for (;;) {
        const auto now = Clock::now();
        start_due(now, end);
        const bool is_over = !may_start(now, end) || (free_.empty() && waiting_ == 0);
        if ((is_over && waiting_ == 0) || now >= last_call) return;
        auto wake = is_over ? last_call : end;
        if (!is_over && schedule_) wake = free_.empty() ? last_call : schedule_->next();
        const timespec timeout = until(now, wake);
        const int count =
            epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
        skip_due(Clock::now(), end);  // before an answer frees a connection
        for (int i = 0; i < count; ++i) {
            receive(*static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr), end);
        }
    }
}

bool Client::is_due(Clock::time_point now, Clock::time_point end) const {
    return may_start(now, end) && (!schedule_ || schedule_->is_due(now));
}

void Client::start_due(Clock::time_point now, Clock::time_point end) {
    while (!free_.empty() && is_due(now, end)) {
        Connection& connection = *free_.front();
        free_.pop_front();
        send(connection, schedule_ ? schedule_->take() : Clock::now());
    }
    skip_due(now, end);
}

void Client::skip_due(Clock::time_point now, Clock::time_point end) {
    if (!options_.impatient || !schedule_ || !free_.empty()) return;
    while (is_due(now, end)) {
        schedule_->take();
        ++asked_;
        ++tally_.skipped;
    }
}

void Client::send(Connection& connection, Clock::time_point since) {
    std::string_view request = requests_[asked_++ % requests_.size()];
    connection.is_waiting = true;
    connection.since = since;
    ++waiting_;
    while (!request.empty()) {
        const auto sent = ::send(connection.fd, request.data(), request.size(), MSG_NOSIGNAL);
        if (sent < 0) return give_up(connection);
        request.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void Client::receive(Connection& connection, Clock::time_point end) {
    const auto count = recv(connection.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    const std::string_view data(buffer_.data(), static_cast<std::size_t>(std::max<long>(count, 0)));
    if (!connection.is_waiting && data.empty()) {
        open(connection);  // a server may close one that rests
        return;
    }
    if (data.empty() || !connection.is_waiting || !connection.answer.take(data)) {
        return give_up(connection);
    }
    if (connection.answer.is_done()) finish(connection, end);
}

void Client::finish(Connection& connection, Clock::time_point end) {
    const auto now = Clock::now();
    const bool closes = connection.answer.closes();
    ++tally_.statuses[connection.answer.status()];
    const bool is_refusal = connection.answer.is_refusal();
    if (schedule_ || now <= end) {
        const auto latency = std::chrono::ceil<microseconds>(now - connection.since);
        (is_refusal ? tally_.refusals : tally_.latency)
            .add(static_cast<std::uint64_t>(latency.count()));
        if (!is_refusal) tally_.last = now;
    } else if (is_refusal) {
        ++tally_.late_refusals;
    }
    release(connection, !closes || open(connection));
}

void Client::give_up(Connection& connection) {
    ++tally_.broken;
    const bool is_open = open(connection);
    if (connection.is_waiting) release(connection, is_open);
}

void Client::release(Connection& connection, bool is_open) {
    connection.answer.reset();
    connection.is_waiting = false;
    --waiting_;
    if (is_open) free_.push_back(&connection);
}

}  // namespace larder::bench
