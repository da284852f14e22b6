#include "server/loop.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include "observe/log.hpp"

namespace larder {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int accepted_at_once = 16;  // the rest may be for another process
constexpr std::size_t events_at_once = 512;
constexpr std::size_t buffer_size = 65536;
constexpr seconds drain_limit{10};
constexpr seconds kept_limit{6};
constexpr milliseconds tick_interval{100};

// nginx sends a request at once and takes an answer as it comes. What stays half-done for so long
// will not be finished.
constexpr seconds patience{10};

[[noreturn]] void throw_errno(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

void set_receive_timeout(int fd, timeval time) {
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
}

int open_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : stop_signals) sigaddset(&signals, number);
    return signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

bool is_in_motion(Connection::State state) {
    return state == Connection::State::reading || state == Connection::State::writing;
}

/// Keeps a count of the connections in motion while one of them takes a step.
class Motion {
public:
    Motion(const Connection& connection, std::size_t& count)
        : connection_(connection), count_(count) {
        if (is_in_motion(connection_.state())) --count_;
    }
    ~Motion() {
        if (is_in_motion(connection_.state())) ++count_;
    }
    Motion(const Motion&) = delete;
    Motion& operator=(const Motion&) = delete;

private:
    const Connection& connection_;
    std::size_t& count_;
};

}  // namespace

Loop::Loop(int listener, Handler& handler, const RequestMetrics& requests,
           const Gauge& open_connections, std::size_t body_limit)
    : handler_(handler),
      requests_(requests),
      open_connections_(open_connections),
      body_limit_(body_limit),
      listener_(listener),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      signals_(open_signals()),
      buffer_(buffer_size) {
    if (epoll_ < 0) throw_errno("epoll_create1");
    if (signals_ < 0) throw_errno("signalfd");
    prepare_listener();
    watch(listener_, &listener_, EPOLLIN | EPOLLEXCLUSIVE);
    watch(signals_, &signals_, EPOLLIN);
    watch(handler_.wake_descriptor(), &handler_, EPOLLIN);
}

Loop::~Loop() {
    ::close(signals_);
    ::close(epoll_);
}

void Loop::prepare_listener() {
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

void Loop::watch(int fd, void* tag, std::uint32_t events) const {
    epoll_event event{};
    event.events = events;
    event.data.ptr = tag;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) throw_errno("epoll_ctl");
}

bool Loop::run() {
    while (!is_draining_) {
        take_events(needs_tick() ? static_cast<int>(tick_interval.count()) : -1);
    }
    while (!connections_.empty() && Clock::now() - drain_start_ < drain_limit) {
        take_events(20);
        close_unused();
    }
    return connections_.empty();
}

void Loop::take_events(int timeout_ms) {
    std::array<epoll_event, events_at_once> events;
    const int count = epoll_wait(epoll_, events.data(), events_at_once, timeout_ms);
    now_ = Clock::now();
    for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        if (event.data.ptr == &listener_) {
            accept_connections();
        } else if (event.data.ptr == &signals_) {
            start_draining();
        } else if (event.data.ptr == &handler_) {
            handler_.collect(done_);
        } else {
            on_connection(*static_cast<Connection*>(event.data.ptr), event.events);
        }
    }
    if (needs_tick() && now_ >= next_tick_) tick();
    end_batch();
    closed_.clear();
}

// A connection that is given back may have its next request already, which makes a batch of its
// own.
void Loop::end_batch() {
    for (;;) {
        handler_.end_batch(done_);
        if (done_.empty()) return;
        for (Connection* connection : std::exchange(done_, {})) release(*connection);
    }
}

void Loop::accept_connections() {
    for (int i = 0; i < accepted_at_once; ++i) {
        const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd >= 0) {
            add_connection(fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            return pause_accepting(errno);
        } else if (errno != ECONNABORTED && errno != EINTR) {
            return;
        }
    }
}

// The listener would stay readable, and the loop would spin on it. Others of the host may still
// have room; the next tick looks again.
void Loop::pause_accepting(int cause) {
    constexpr seconds quiet{10};  // one line in this time, as long as the trouble lasts
    if (now_ - last_accept_trouble_ > quiet) {
        log_error("accept_failed", {{"error", std::strerror(cause)}});
        last_accept_trouble_ = now_;
    }
    epoll_ctl(epoll_, EPOLL_CTL_DEL, listener_, nullptr);
    is_accepting_ = false;
    next_tick_ = now_ + tick_interval;
}

void Loop::add_connection(int fd) {
    if (is_tcp_) set_receive_timeout(fd, {});  // inherited from the listener
    auto connection = std::make_unique<Connection>(fd, requests_, body_limit_);
    Connection* const key = connection.get();
    epoll_event event{};
    // Edge-triggered: a connection that another thread has is left alone with no system call.
    event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
    event.data.ptr = key;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
        log_error("accept_failed", {{"error", std::strerror(errno)}});
        return;  // closes it
    }
    connections_.emplace(key, std::move(connection));
    open_connections_.add(1);
}

void Loop::on_connection(Connection& connection, std::uint32_t events) {
    using State = Connection::State;
    const State state = connection.state();
    if (state == State::closed) return;
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
        if (!connection.hang_up()) close(connection);
    } else if (state == State::idle || state == State::reading) {
        receive(connection);
    } else {
        connection.may_be_readable = true;
        if (state == State::writing && (events & EPOLLOUT) != 0) write_rest(connection);
    }
}

void Loop::receive(Connection& connection) {
    connection.may_be_readable = false;
    bool is_over = false;
    {
        const Motion motion(connection, in_motion_);
        is_over = !connection.receive(buffer_, now_);
    }
    if (is_over) return close(connection);
    if (connection.state() == Connection::State::batched) handler_.take(connection);
}

void Loop::release(Connection& connection) {
    bool is_kept = false;
    {
        const Motion motion(connection, in_motion_);
        is_kept = connection.give_back();
    }
    if (!is_kept) return close(connection);
    if (connection.state() == Connection::State::writing) {
        epoll_event event{};
        event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
        event.data.ptr = &connection;
        epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.descriptor(), &event);
    } else if (connection.may_be_readable) {
        receive(connection);
    }
}

void Loop::write_rest(Connection& connection) {
    bool is_over = false;
    {
        const Motion motion(connection, in_motion_);
        is_over = !connection.write_rest();
    }
    if (is_over) return close(connection);
    if (connection.state() != Connection::State::idle) return;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &connection;
    epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.descriptor(), &event);
    if (connection.may_be_readable) receive(connection);
}

void Loop::close(Connection& connection) {
    {
        const Motion motion(connection, in_motion_);
        connection.close();
    }
    open_connections_.add(-1);
    const auto found = connections_.find(&connection);
    closed_.push_back(std::move(found->second));
    connections_.erase(found);
}

bool Loop::needs_tick() const { return in_motion_ > 0 || !is_accepting_ || handler_.needs_tick(); }

void Loop::tick() {
    next_tick_ = now_ + tick_interval;
    handler_.tick(now_);
    if (!is_accepting_ && !is_draining_) {
        watch(listener_, &listener_, EPOLLIN | EPOLLEXCLUSIVE);
        is_accepting_ = true;
    }
    if (in_motion_ == 0) return;
    std::vector<Connection*> stuck;
    for (const auto& [connection, owner] : connections_) {
        if (is_in_motion(connection->state()) && now_ - connection->moved_at() > patience) {
            stuck.push_back(connection);
        }
    }
    for (Connection* connection : stuck) close(*connection);
}

void Loop::start_draining() {
    signalfd_siginfo ignored{};
    while (read(signals_, &ignored, sizeof(ignored)) > 0) {
    }
    if (is_draining_) return;
    log_info("stopping");
    is_draining_ = true;
    drain_start_ = Clock::now();
    epoll_ctl(epoll_, EPOLL_CTL_DEL, listener_, nullptr);
    handler_.drain();
}

// nginx sends its next request on a kept connection whenever it likes, and a write that then finds
// the connection closed is lost. So nginx is left to close them (nginx/http.conf.in says when), and
// only what it has not closed in twice that time, or another front end keeps, is closed here.
void Loop::close_unused() {
    if (Clock::now() - drain_start_ < kept_limit) return;
    std::vector<Connection*> unused;
    for (const auto& [connection, owner] : connections_) {
        if (connection->state() == Connection::State::idle) unused.push_back(connection);
    }
    for (Connection* connection : unused) close(*connection);
    closed_.clear();
}

}  // namespace larder
