#include "broken_host.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "support/stack.hpp"

namespace larder::test {

namespace {

using namespace std::string_view_literals;

sockaddr_in local(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
}

bool receive(int fd, void* bytes, std::size_t size) {
    return size == 0 || recv(fd, bytes, size, MSG_WAITALL) == static_cast<ssize_t>(size);
}

/// A request ends with an empty record of its body (FastCGI 1.0, section 3.3).
bool read_request(int fd) {
    constexpr unsigned char body = 5;
    for (;;) {
        std::array<unsigned char, 8> header{};
        if (!receive(fd, header.data(), header.size())) return false;
        const std::size_t content = header[4] * std::size_t{256} + header[5];
        std::vector<char> rest(content + header[6]);
        if (!receive(fd, rest.data(), rest.size())) return false;
        if (header[1] == body && content == 0) return true;
    }
}

/// Status 200, and the end of the request.
constexpr auto answer = "\1\6\0\1\0\17\0\0Status: 200\r\n\r\n\1\3\0\1\0\10\0\0\0\0\0\0\0\0\0\0"sv;

}  // namespace

BrokenHost::BrokenHost(Way way) : way_(way), port_(free_port()) {
    if (way_ == Way::refuses) return;
    open();
    if (way_ == Way::drops) {
        fill_backlog();
    } else {
        accepting_ = std::jthread([this] { accept_all(); });
    }
}

BrokenHost::~BrokenHost() {
    if (listener_ >= 0) shutdown(listener_, SHUT_RDWR);
    if (accepting_.joinable()) accepting_.join();
    for (const int fd : connections_) shutdown(fd, SHUT_RDWR);
    threads_.clear();
    for (const int fd : connections_) close(fd);
    if (listener_ >= 0) close(listener_);
}

void BrokenHost::open() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = local(port_);
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener_, way_ == Way::drops ? 0 : 64) != 0) {
        throw std::runtime_error("cannot listen at " + this->address());
    }
}

/// What comes then gets no answer from the kernel.
void BrokenHost::fill_backlog() {
    const auto address = local(port_);
    for (int i = 0; i < 4; ++i) {
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        connections_.push_back(fd);
    }
}

void BrokenHost::accept_all() {
    for (;;) {
        const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) return;
        const std::scoped_lock lock(mutex_);
        connections_.push_back(fd);
        threads_.emplace_back([this, fd] { serve(fd); });
    }
}

void BrokenHost::serve(int connection) {
    if (way_ == Way::closes_on_next) {
        if (!read_request(connection)) return;
        (void)send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
    }
    if (way_ == Way::resets) {
        // With a partner that is not there, dissolving the association is a reset.
        const sockaddr nobody{.sa_family = AF_UNSPEC, .sa_data = {}};
        (void)connect(connection, &nobody, sizeof nobody);
    } else if (!read_request(connection)) {
        return;
    }
    ++broken_;
    shutdown(connection, SHUT_RDWR);
}

}  // namespace larder::test
