#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace larder::test {

/// Where a stack can be reached: nginx, and the workers behind it.
struct Address {
    std::string host;  ///< IPv4; empty: `path` is a Unix socket
    std::uint16_t port = 0;
    std::string path;

    static Address of_url(const std::string& url);
};

/// A connection for clients that do not keep to any rule. Nothing throws: a peer that refuses,
/// resets or closes is what these clients are for. For one thread.
class RawSocket {
public:
    explicit RawSocket(const Address& address);
    ~RawSocket() { close(); }
    RawSocket(RawSocket&& other) noexcept;
    RawSocket& operator=(RawSocket&&) = delete;

    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
    /// Sends what the peer takes within `limit`; false if that was not all of it.
    bool send(std::string_view bytes,
              std::chrono::milliseconds limit = std::chrono::milliseconds(500));
    /// What comes within `limit`, at most `size` bytes; "" at the end, on an error, or if nothing
    /// comes.
    std::string receive(std::size_t size, std::chrono::milliseconds limit);
    /// Until the end of the stream, or until nothing comes for `limit`.
    std::string receive_all(std::chrono::milliseconds limit);

    /// Says that nothing more will be sent, and still receives.
    void half_close();
    /// Hangs up: FIN, or RST if something is unread (TCP).
    void close();
    /// Hangs up with a RST (TCP); a Unix socket has none.
    void reset();

private:
    int descriptor_ = -1;
};

}  // namespace larder::test
