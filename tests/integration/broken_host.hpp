#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace larder::test {

/// A host that nginx takes for one with workers, and that breaks its connections: it speaks just as
/// much FastCGI as that takes. Any thread may ask.
class BrokenHost {
public:
    enum class Way {
        refuses,         ///< nobody listens
        drops,           ///< no connection comes about, as with a host that has vanished
        resets,          ///< what was accepted is reset at once
        closes,          ///< the connection is closed when a request was read
        closes_on_next,  ///< the same, but the first request of a connection is answered with 200
    };

    explicit BrokenHost(Way way);
    ~BrokenHost();
    BrokenHost(const BrokenHost&) = delete;
    BrokenHost& operator=(const BrokenHost&) = delete;

    /// As in WORKER_ADDRESS.
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    /// How many connections were broken.
    [[nodiscard]] int broken() const { return broken_; }

private:
    void open();
    void fill_backlog();
    void accept_all();
    void serve(int connection);

    Way way_;
    int port_;
    int listener_ = -1;
    std::atomic<int> broken_ = 0;
    std::mutex mutex_;              // guards connections_
    std::vector<int> connections_;  // closed with the host, so that no number is used anew
    std::vector<std::jthread> threads_;
    std::jthread accepting_;
};

}  // namespace larder::test
