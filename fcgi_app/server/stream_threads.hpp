#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <list>
#include <thread>

namespace larder {

/// The threads of requests that go at the pace of their clients for as long as these like, such as
/// imports: one for each, a few at a time, so that they hold up no store thread. `begin` and
/// `stop` are for the loop thread.
class StreamThreads {
public:
    static constexpr std::size_t most = 2;  ///< at a time

    StreamThreads() = default;
    ~StreamThreads() { stop(); }
    StreamThreads(const StreamThreads&) = delete;
    StreamThreads& operator=(const StreamThreads&) = delete;

    /// Whether another one may begin.
    bool has_room();

    /// Runs the job on a thread of its own. There has to be room.
    void begin(std::move_only_function<void()> job);

    /// Has the jobs come to an end.
    void stop() { is_stopping_ = true; }
    bool is_stopping() const { return is_stopping_; }  ///< any thread

private:
    struct Running {
        std::atomic<bool> is_done = false;
        std::jthread thread = {};
    };

    std::atomic<bool> is_stopping_ = false;
    std::list<Running> running_;
};

}  // namespace larder
