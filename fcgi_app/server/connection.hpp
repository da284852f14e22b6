#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "http/request.hpp"
#include "http/response.hpp"
#include "observe/request_metrics.hpp"
#include "server/fastcgi.hpp"

namespace larder {

/// One FastCGI connection from nginx, which carries one request after another; owns the descriptor.
///
/// It has one state, which only the loop thread changes, by the steps below; a step that is not
/// allowed ends the process, for the next thing would be somebody else's answer. While it is `lent`
/// or `gone` another thread may call what stands under "Answering"; that thread must have given it
/// back before the loop calls `give_back`. Only an `idle`, `reading` or `writing` connection may be
/// closed, so the descriptor is never closed while a batch, a queue or a thread holds it.
///
/// Every request is counted here, before the end of its answer is sent.
class Connection {
public:
    using Clock = std::chrono::steady_clock;

    enum class State : unsigned char {
        idle,     ///< waits for a request
        reading,  ///< a part of a request has come
        batched,  ///< in the batch of the loop, with a whole request
        lent,     ///< a queue or a thread has it, to answer it
        gone,     ///< nginx has hung up while it was batched or lent: the answer is not needed
        writing,  ///< answered; nginx has yet to take a part of the answer
        closed,   ///< has no descriptor any more
    };

    /// Takes over an accepted descriptor. `metrics` must outlive this. A body over `body_limit`
    /// bytes is not kept.
    Connection(int fd, const RequestMetrics& metrics, std::size_t body_limit);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    State state() const { return state_.load(std::memory_order_relaxed); }
    int descriptor() const { return fd_; }

    // Steps, for the loop thread.

    /// idle, reading → reading, batched (a whole request is here) or idle. Reads what has come, by
    /// way of `buffer`, and never waits. False: the connection is over and is to be closed. `now`
    /// is when the bytes came.
    bool receive(std::span<char> buffer, Clock::time_point now);
    /// batched → lent.
    void lend();
    /// lent → batched: the request is looked at again with the next batch. Stays `gone`.
    void take_back();
    /// batched, lent → gone. Any other state: nothing, and the connection is to be closed.
    bool hang_up();
    /// batched, lent → idle or writing; gone stays so. False: it is to be closed. To be called when
    /// nothing holds it any more. Where a part of a body that is a stream has not been read: →
    /// reading, until nginx, which has its answer, closes the connection or has sent the rest.
    bool give_back();
    /// writing → idle, once nginx has taken the rest. False: the connection is over.
    bool write_rest();
    /// Any state in which nothing holds it, or gone after `give_back` → closed.
    void close();

    /// When the last byte came or went.
    Clock::time_point moved_at() const { return moved_at_; }

    // Answering: for whichever thread holds it.

    /// How the reading of a body has ended.
    enum class BodyEnd : unsigned char {
        whole,     ///< all of it has come
        unwanted,  ///< `take` wanted no more
        stopped,   ///< `goes_on` said no
        cut,       ///< nginx has hung up, or sent nothing for too long, or what no body can be
    };

    /// Hands over the body of a request whose body is a stream, as it comes and once; waits for
    /// nginx meanwhile. nginx waits in turn while `take` takes its time. `goes_on` is asked every
    /// half second at least.
    BodyEnd read_body(const std::function<bool(std::string_view)>& take,
                      const std::function<bool()>& goes_on);

    /// Whether nginx has hung up. Any thread.
    bool is_gone() const { return state() == State::gone; }

    const http::Request& request() const { return request_; }
    Clock::time_point received_at() const { return received_at_; }
    bool is_answered() const { return !is_unanswered_; }

    /// Gives the request an id if it has none, so that its lines in the log can be told apart. The
    /// answer carries the id of a request that has one.
    void identify();

    /// Who asks, as the log names them.
    void set_user(std::string name) { request_.user = std::move(name); }

    /// Whose Idempotency-Keys are those of this write (http/request.hpp).
    void set_key_owner(std::string owner) { request_.key_owner = std::move(owner); }

    /// Sends the whole answer and ends the request; what nginx does not take at once the loop sends
    /// later. `now` may be a little old.
    void answer(const http::Response& response, Clock::time_point now = Clock::now());

    /// Sends an answer in parts, of a length not known before. `write` waits for nginx, 10 s at
    /// most, and gives false when nginx has gone or takes too long. `abandon` cuts the answer off
    /// in a way that nginx notices. With `Pace::of_client`, `write` waits as long as nginx waits
    /// for its client (send_timeout): for answers of which nginx keeps only what fits into its
    /// buffers.
    enum class Pace : unsigned char { of_nginx, of_client };
    void begin(const http::Response& head, Pace pace = Pace::of_nginx);
    bool has_begun() const { return status_ != 0; }
    bool write(std::string_view part);
    void finish();
    void abandon();

    bool may_be_readable = false;  ///< the loop's: epoll said so while something held it
    RequestMetrics::RouteNumber route = RequestMetrics::unknown_route;  ///< of this request

private:
    void move_to(State next);
    bool take(std::string_view bytes, Clock::time_point now);
    bool discard(std::string_view bytes, Clock::time_point now);
    void take_parameters();
    std::string head_text(const http::Response& response);
    std::string_view buffering(bool is_stream) const;
    void count(Clock::time_point now);
    bool send_now();
    bool wait_until_writable(Clock::time_point deadline) const;

    const RequestMetrics& metrics_;
    std::atomic<State> state_ = State::idle;
    int fd_;
    fastcgi::RequestReader reader_;
    std::string early_;  // bytes of the next request that came with this one
    http::Request request_;
    std::string made_id_;
    std::string out_;             // what nginx has not taken yet
    bool is_discarding_ = false;  // the rest of a body that nobody wants
    bool is_unanswered_ = false;
    bool is_broken_ = false;  // to be closed when it is given back
    int status_ = 0;          // of the answer; 0: none so far
    Pace pace_ = Pace::of_nginx;
    Clock::time_point received_at_;
    Clock::time_point moved_at_;
};

}  // namespace larder
