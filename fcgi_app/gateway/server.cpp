#include "gateway/server.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "observe/log.hpp"

namespace larder {

namespace {

constexpr int accepted_at_once = 16;  // the rest may be for another process
constexpr std::size_t events_at_once = 512;
constexpr std::chrono::seconds drain_limit{10};
constexpr std::chrono::seconds kept_limit{6};

[[noreturn]] void throw_errno(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

void set_receive_timeout(int fd, timeval time) {
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
}

bool is_readable(int fd) {
    pollfd poller{.fd = fd, .events = POLLIN, .revents = 0};
    return poll(&poller, 1, 0) > 0;
}

int open_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : stop_signals) sigaddset(&signals, number);
    return signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

}  // namespace

Server::Server(int listener, Larder& larder, std::span<const Resource> resources)
    : metrics_(larder.metrics, resources),
      open_connections_(larder.metrics.fastcgi_connections),
      listener_(listener),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      signals_(open_signals()),
      dispatcher_(larder, resources, metrics_) {
    if (epoll_ < 0) throw_errno("epoll_create1");
    if (signals_ < 0) throw_errno("signalfd");
    prepare_listener();
    watch(listener_, &listener_, EPOLLIN | EPOLLEXCLUSIVE);
    watch(signals_, &signals_, EPOLLIN);
    watch(dispatcher_.wake_descriptor(), &dispatcher_, EPOLLIN);
}

Server::~Server() {
    close(signals_);
    close(epoll_);
}

void Server::prepare_listener() {
    const int flags = fcntl(listener_, F_GETFL);
    if (flags < 0 || fcntl(listener_, F_SETFL, flags | O_NONBLOCK) < 0) throw_errno("the listener");
    // That flag is the processes' common one, and systemd clears it for a moment whenever it starts
    // another of them. Then this lets accept4 return all the same.
    const timeval at_once{.tv_sec = 0, .tv_usec = 1};
    set_receive_timeout(listener_, at_once);
    // Connections inherit it: an answer of several parts must not wait for nginx to acknowledge the
    // first. A Unix socket refuses it and does not need it.
    const int yes = 1;
    is_tcp_ = setsockopt(listener_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) == 0;
}

void Server::watch(int fd, void* tag, std::uint32_t events) const {
    epoll_event event{};
    event.events = events;
    event.data.ptr = tag;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) throw_errno("epoll_ctl");
}

bool Server::run() {
    while (!is_draining_) take_events(-1);
    while (!connections_.empty() && Clock::now() - drain_start_ < drain_limit) {
        take_events(20);
        close_unused();
    }
    return connections_.empty();
}

void Server::take_events(int timeout_ms) {
    std::array<epoll_event, events_at_once> events{};
    const int count =
        epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
    now_ = Clock::now();
    for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        if (event.data.ptr == &listener_) {
            accept_connections();
        } else if (event.data.ptr == &signals_) {
            start_draining();
        } else if (event.data.ptr == &dispatcher_) {
            for (Connection* connection : dispatcher_.returned()) released(*connection);
        } else {
            on_connection(*static_cast<Connection*>(event.data.ptr), event.events);
        }
    }
    dispatcher_.flush(answered_);
    for (Connection* connection : answered_) released(*connection);
    answered_.clear();
    retired_.clear();
}

void Server::accept_connections() {
    for (int i = 0; i < accepted_at_once; ++i) {
        const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) return;
        if (is_tcp_) set_receive_timeout(fd, {});  // inherited from the listener
        auto connection = std::make_unique<Connection>(fd, metrics_);
        Connection* const key = connection.get();
        // Edge-triggered: a connection that a store thread has is left alone with no system call.
        watch(fd, key, EPOLLIN | EPOLLRDHUP | EPOLLET);
        connections_.emplace(key, std::move(connection));
        open_connections_.add(1);
    }
}

void Server::on_connection(Connection& connection, std::uint32_t events) {
    if (!connection.is_open() && !connection.is_lent) return;
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
        connection.is_gone = true;
        if (!connection.is_lent) retire(connection);
    } else if (connection.is_lent) {
        connection.may_be_readable = true;
    } else {
        receive(connection);
    }
}

void Server::receive(Connection& connection) {
    if (connection.receive(now_)) {
        dispatcher_.dispatch(connection);
    } else {
        retire(connection);
    }
}

void Server::released(Connection& connection) {
    const bool may_be_readable = std::exchange(connection.may_be_readable, false);
    const bool is_over = !connection.is_open() || connection.is_gone;
    if (!is_over && may_be_readable && is_readable(connection.descriptor())) {
        receive(connection);
    } else if (is_over) {
        retire(connection);
    }
}

void Server::retire(Connection& connection) {
    const auto found = connections_.find(&connection);
    if (found == connections_.end()) return;
    connection.abandon();
    open_connections_.add(-1);
    retired_.push_back(std::move(found->second));
    connections_.erase(found);
}

void Server::start_draining() {
    signalfd_siginfo ignored{};
    while (read(signals_, &ignored, sizeof(ignored)) > 0) {
    }
    if (is_draining_) return;
    log_info("stopping");
    is_draining_ = true;
    drain_start_ = Clock::now();
    epoll_ctl(epoll_, EPOLL_CTL_DEL, listener_, nullptr);
}

// nginx sends its next request on a kept connection whenever it likes, and a write that then finds
// the connection closed is lost. So nginx is left to close them (nginx/http.conf.in says when), and
// only what it has not closed in twice that time, or another front end keeps, is closed here.
void Server::close_unused() {
    if (Clock::now() - drain_start_ < kept_limit) return;
    std::vector<Connection*> unused;
    for (const auto& [connection, owner] : connections_) {
        if (!connection->is_lent) unused.push_back(connection);
    }
    for (Connection* connection : unused) retire(*connection);
    retired_.clear();
}

}  // namespace larder
