#pragma once

#include <poll.h>
#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace larder::coherence {

/// Stands between the workers and a server (Redis, PostgreSQL) on Unix sockets, and can fail for
/// one process alone. Serves in a thread of its own until it is destroyed; any thread may call the
/// other functions.
class SocketProxy {
public:
    /// How the traffic of one process is treated.
    struct Treatment {
        bool cut = false;     ///< its connections are closed, and new ones too
        unsigned one_in = 1;  ///< only one in so many of its connections is treated
        std::chrono::milliseconds to_server{0};
        std::chrono::milliseconds to_client{0};
    };

    /// Listens on `socket` in place of what is there, open to every account. Throws
    /// std::runtime_error if it cannot.
    SocketProxy(const std::string& socket, std::string server_socket);
    ~SocketProxy();
    SocketProxy(const SocketProxy&) = delete;
    SocketProxy& operator=(const SocketProxy&) = delete;

    /// Listens there from now on, when somebody else has taken the path for one. Throws like the
    /// constructor.
    void listen_on(const std::string& path);

    /// What a client sent before it gave up still reaches the server, late.
    void treat(pid_t process, Treatment treatment);
    void treat_all_well();

    /// Waits until a client has sent something with `text` in it and the server has answered. The
    /// answer is withheld until release(). The client's process; 0 if none did within `patience`.
    pid_t catch_answer(std::string text, std::chrono::milliseconds patience);
    /// Withholds from the server, until release(), the next so many requests with `text` in them.
    void withhold_requests(std::string text, unsigned count);
    void release();

private:
    class Connection;

    void serve(const std::stop_token& stop);
    bool serve_one(Connection& connection, const pollfd& client, const pollfd& server);
    bool withholds_request(const Connection& connection);
    bool withholds_answer(const Connection& connection);
    void drop(std::unique_ptr<Connection>& connection);
    void accept_one();
    Treatment treatment_of(const Connection& connection) const;

    std::string server_socket_;
    std::atomic<int> listener_ = -1;
    std::vector<std::unique_ptr<Connection>> connections_;  // of the thread alone
    unsigned accepted_ = 0;                                 // of the thread alone
    mutable std::mutex mutex_;
    std::map<pid_t, Treatment> treatments_;
    std::condition_variable answered_;
    std::string wanted_text_;             // nobody has sent it yet, if not empty
    const Connection* caught_ = nullptr;  // whose answers are withheld
    pid_t caught_process_ = 0;            // of the caught connection, once it has an answer
    std::string unwanted_text_;
    unsigned unwanted_count_ = 0;
    std::set<const Connection*> held_;  // whose requests are withheld
    std::jthread thread_;
};

}  // namespace larder::coherence
