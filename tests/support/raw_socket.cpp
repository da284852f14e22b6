#include "raw_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace larder::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

bool wait_for(int descriptor, short events, milliseconds limit) {
    pollfd ready{.fd = descriptor, .events = events, .revents = 0};
    return poll(&ready, 1, static_cast<int>(limit.count())) == 1;
}

bool connect_to(int descriptor, const Address& to) {
    if (to.host.empty()) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        to.path.copy(address.sun_path, sizeof(address.sun_path) - 1);
        return connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(to.port);
    inet_pton(AF_INET, to.host.c_str(), &address.sin_addr);
    return connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
}

}  // namespace

Address Address::of_url(const std::string& url) {
    const auto colon = url.rfind(':');
    const auto slash = url.rfind('/', colon) + 1;
    return {.host = url.substr(slash, colon - slash),
            .port = static_cast<std::uint16_t>(std::stoi(url.substr(colon + 1))),
            .path = {}};
}

RawSocket::RawSocket(const Address& address)
    : descriptor_(socket(address.host.empty() ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    // A queue of connections that is full must not hold a rude client up for ever.
    const timeval patience{.tv_sec = 1, .tv_usec = 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (is_open() && !connect_to(descriptor_, address)) close();
}

RawSocket::RawSocket(RawSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

bool RawSocket::send(std::string_view bytes, milliseconds limit) {
    const auto end = steady_clock::now() + limit;
    while (!bytes.empty() && is_open()) {
        const ssize_t sent =
            ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
            continue;
        }
        if (errno != EAGAIN || steady_clock::now() >= end) return false;
        (void)wait_for(descriptor_, POLLOUT, milliseconds(10));
    }
    return bytes.empty();
}

std::string RawSocket::receive(std::size_t size, milliseconds limit) {
    if (!is_open() || !wait_for(descriptor_, POLLIN, limit)) return {};
    std::string bytes(size, '\0');
    const ssize_t got = recv(descriptor_, bytes.data(), size, MSG_DONTWAIT);
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return bytes;
}

std::string RawSocket::receive_all(milliseconds limit) {
    std::string all;
    for (std::string part; !(part = receive(65536, limit)).empty();) all += part;
    return all;
}

void RawSocket::half_close() {
    if (is_open()) shutdown(descriptor_, SHUT_WR);
}

void RawSocket::close() {
    if (is_open()) ::close(std::exchange(descriptor_, -1));
}

void RawSocket::reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    if (is_open()) setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close();
}

}  // namespace larder::test
