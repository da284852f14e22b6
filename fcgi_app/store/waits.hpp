#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <vector>

namespace larder {

/// The sessions of a process, and which of them wait for PostgreSQL, for the watch that frees them
/// when it hangs. Any thread.
class Waits {
public:
    /// A session, registered for as long as this lives. It must end before its socket is closed:
    /// a descriptor that is used again is then never shut down.
    class Session {
    public:
        /// `socket` is -1 while a session connects, which cannot be shut down.
        Session(Waits& all, int socket) : all_(all), socket_(socket) {
            const std::lock_guard lock(all_.mutex_);
            all_.sessions_.push_back(this);
        }
        ~Session() {
            const std::lock_guard lock(all_.mutex_);
            std::erase(all_.sessions_, this);
        }
        Session(const Session&) = delete;
        Session& operator=(const Session&) = delete;

    private:
        friend class Waits;
        Waits& all_;
        const int socket_;
        std::atomic<std::int64_t> since_ = 0;  // 0: does not wait
    };

    /// One wait of a session for an answer.
    class Wait {
    public:
        explicit Wait(Session& session) : session_(session) { session_.since_ = now(); }
        ~Wait() { session_.since_ = 0; }
        Wait(const Wait&) = delete;
        Wait& operator=(const Wait&) = delete;

    private:
        Session& session_;
    };

    /// How long the session that waits longest has waited; 0: none waits.
    std::chrono::nanoseconds longest() {
        const std::lock_guard lock(mutex_);
        std::int64_t oldest = 0;
        for (const Session* session : sessions_) {
            const std::int64_t since = session->since_;
            if (since != 0 && (oldest == 0 || since < oldest)) oldest = since;
        }
        return std::chrono::nanoseconds(oldest == 0 ? 0 : now() - oldest);
    }

    /// Shuts down the connection of each session that waits, so that its wait ends in failure.
    void shut_down() {
        const std::lock_guard lock(mutex_);
        for (const Session* session : sessions_) {
            if (session->since_ != 0 && session->socket_ >= 0) {
                shutdown(session->socket_, SHUT_RDWR);
            }
        }
    }

private:
    static std::int64_t now() {
        return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
    }

    std::mutex mutex_;  // guards sessions_; taken for a wait by the watch alone
    std::vector<Session*> sessions_;
};

}  // namespace larder
