#include "socket_proxy.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <stdexcept>

namespace larder::coherence {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t chunk_bytes = 65536;

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) throw std::runtime_error("too long: " + path);
    std::ranges::copy(path, address.sun_path);
    return address;
}

int connect_to(const std::string& path) {
    const auto address = address_of(path);
    const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        return descriptor;
    }
    close(descriptor);
    return -1;
}

pid_t peer_of(int descriptor) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size);
    return credentials.pid;
}

/// Bytes on their way in one direction.
struct Stream {
    struct Chunk {
        Clock::time_point due;
        std::string bytes;
    };
    std::deque<Chunk> chunks;
    bool ended = false;  // no more will come

    /// Takes what has come.
    void receive(int from, std::chrono::milliseconds delay) {
        std::array<char, chunk_bytes> buffer;
        const ssize_t got = recv(from, buffer.data(), buffer.size(), 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (got <= 0) {
            ended = true;
            return;
        }
        chunks.push_back({Clock::now() + delay, {buffer.data(), static_cast<std::size_t>(got)}});
    }

    /// Sends what is due; false when the receiver has gone.
    bool deliver(int to) {
        while (!chunks.empty() && chunks.front().due <= Clock::now()) {
            auto& bytes = chunks.front().bytes;
            const ssize_t sent = send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0) return errno == EAGAIN || errno == EINTR;
            bytes.erase(0, static_cast<std::size_t>(sent));
            if (!bytes.empty()) return true;
            chunks.pop_front();
        }
        return true;
    }

    [[nodiscard]] bool done() const { return ended && chunks.empty(); }
};

}  // namespace

class SocketProxy::Connection {
public:
    Connection(int client, int server, unsigned number)
        : client_(client), server_(server), peer_(peer_of(client)), number_(number) {}
    ~Connection() {
        close(client_);
        if (server_ >= 0) close(server_);
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    [[nodiscard]] pid_t peer() const { return peer_; }
    [[nodiscard]] unsigned number() const { return number_; }

    void add_to(std::vector<pollfd>& wanted) const {
        wanted.push_back({requests_.ended ? -1 : client_, POLLIN, 0});
        wanted.push_back({replies_.ended ? -1 : server_, POLLIN, 0});
    }

    [[nodiscard]] bool is_to_end(const Treatment& treatment) const {
        return server_ < 0 || treatment.cut;
    }

    void receive(const pollfd& client, const pollfd& server, const Treatment& treatment) {
        if (client.revents != 0) requests_.receive(client_, treatment.to_server);
        if (server.revents != 0) replies_.receive(server_, treatment.to_client);
    }

    /// False when the connection is over. `hold_request`, `hold_answer`: what stays here.
    bool deliver(bool hold_request, bool hold_answer) {
        request_held_ = hold_request;
        answer_held_ = hold_answer;
        if (replies_.done() || requests_.done()) return false;
        if (!hold_request && !requests_.deliver(server_)) return false;
        return hold_answer || replies_.deliver(client_) || !requests_.chunks.empty();
    }

    [[nodiscard]] bool sends(std::string_view text) const {
        return !requests_.chunks.empty() && requests_.chunks.back().bytes.contains(text);
    }
    [[nodiscard]] bool has_answer() const { return !replies_.chunks.empty(); }

    [[nodiscard]] Clock::time_point due() const {
        auto first = Clock::time_point::max();
        if (!requests_.chunks.empty() && !request_held_) first = requests_.chunks.front().due;
        if (!replies_.chunks.empty() && !answer_held_) {
            first = std::min(first, replies_.chunks.front().due);
        }
        return first;
    }

private:
    int client_;
    int server_;
    pid_t peer_;
    unsigned number_;
    bool request_held_ = false;
    bool answer_held_ = false;
    Stream requests_;
    Stream replies_;
};

SocketProxy::SocketProxy(const std::string& socket_path, std::string server_socket)
    : server_socket_(std::move(server_socket)) {
    listen_on(socket_path);
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
}

SocketProxy::~SocketProxy() {
    thread_ = {};
    connections_.clear();
    close(listener_);
}

void SocketProxy::listen_on(const std::string& path) {
    const auto address = address_of(path);
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    unlink(path.c_str());
    if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener, 128) != 0 || chmod(path.c_str(), 0777) != 0) {
        close(listener);
        throw std::runtime_error("cannot listen on " + path);
    }
    const int former = listener_.exchange(listener);
    if (former >= 0) close(former);
}

void SocketProxy::treat(pid_t process, Treatment treatment) {
    const std::scoped_lock lock(mutex_);
    treatments_[process] = treatment;
}

void SocketProxy::treat_all_well() {
    const std::scoped_lock lock(mutex_);
    treatments_.clear();
}

SocketProxy::Treatment SocketProxy::treatment_of(const Connection& connection) const {
    const std::scoped_lock lock(mutex_);
    const auto found = treatments_.find(connection.peer());
    const bool concerned =
        found != treatments_.end() && connection.number() % found->second.one_in == 0;
    return concerned ? found->second : Treatment{};
}

pid_t SocketProxy::catch_answer(std::string text, std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    wanted_text_ = std::move(text);
    caught_process_ = 0;
    answered_.wait_for(lock, patience, [&] { return caught_process_ != 0; });
    wanted_text_.clear();
    if (caught_process_ == 0) caught_ = nullptr;
    return caught_process_;
}

void SocketProxy::withhold_requests(std::string text, unsigned count) {
    const std::scoped_lock lock(mutex_);
    unwanted_text_ = std::move(text);
    unwanted_count_ = count;
}

void SocketProxy::release() {
    const std::scoped_lock lock(mutex_);
    caught_ = nullptr;
    unwanted_count_ = 0;
    held_.clear();
}

bool SocketProxy::withholds_request(const Connection& connection) {
    const std::scoped_lock lock(mutex_);
    if (held_.contains(&connection)) return true;
    if (unwanted_count_ == 0 || !connection.sends(unwanted_text_)) return false;
    --unwanted_count_;
    held_.insert(&connection);
    return true;
}

bool SocketProxy::withholds_answer(const Connection& connection) {
    const std::scoped_lock lock(mutex_);
    if (!wanted_text_.empty() && connection.sends(wanted_text_)) {
        wanted_text_.clear();
        caught_ = &connection;
    }
    if (caught_ != &connection) return false;
    if (caught_process_ == 0 && connection.has_answer()) {
        caught_process_ = connection.peer();
        answered_.notify_all();
    }
    return true;
}

void SocketProxy::accept_one() {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) return;
    connections_.push_back(
        std::make_unique<Connection>(client, connect_to(server_socket_), accepted_++));
}

bool SocketProxy::serve_one(Connection& connection, const pollfd& client, const pollfd& server) {
    const auto treatment = treatment_of(connection);
    if (connection.is_to_end(treatment)) return false;
    connection.receive(client, server, treatment);
    const bool hold_answer = withholds_answer(connection);
    return connection.deliver(withholds_request(connection), hold_answer);
}

void SocketProxy::drop(std::unique_ptr<Connection>& connection) {
    const std::scoped_lock lock(mutex_);
    if (caught_ == connection.get()) caught_ = nullptr;
    held_.erase(connection.get());
    connection.reset();
}

void SocketProxy::serve(const std::stop_token& stop) {
    std::vector<pollfd> wanted;
    while (!stop.stop_requested()) {
        wanted.assign(1, {listener_, POLLIN, 0});
        auto due = Clock::now() + std::chrono::milliseconds(20);
        for (const auto& connection : connections_) {
            connection->add_to(wanted);
            due = std::min(due, connection->due());
        }
        const auto wait = std::chrono::ceil<std::chrono::milliseconds>(due - Clock::now());
        poll(wanted.data(), wanted.size(), std::max(0, static_cast<int>(wait.count())));
        for (std::size_t i = 0; i < connections_.size(); ++i) {
            auto& connection = connections_[i];
            if (!serve_one(*connection, wanted[1 + 2 * i], wanted[2 + 2 * i])) drop(connection);
        }
        std::erase(connections_, nullptr);
        if (wanted[0].revents != 0) accept_one();
    }
}

}  // namespace larder::coherence
