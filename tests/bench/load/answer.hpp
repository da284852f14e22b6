#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace larder::bench {

/// Finds the end of one HTTP/1.1 answer (RFC 9112, section 6.3) in what a connection brings,
/// however that is cut into pieces. Bodies are skipped. One thread at a time.
class Answer {
public:
    /// Gives false if this is no answer that the reader understands, or more than one: a client
    /// that has sent one request may not get more. A body must have a length or be chunked.
    bool take(std::string_view data);

    bool is_done() const { return state_ == State::done; }
    /// Of a finished answer.
    int status() const { return status_; }
    /// Whether the server closes the connection after it.
    bool closes() const { return closes_; }
    /// Whether it is 503 with Retry-After (RFC 9110, section 15.6.4): asked again, it may succeed.
    bool is_refusal() const { return status_ == 503 && has_retry_after_; }

    void reset() { *this = Answer(); }

private:
    enum class State : std::uint8_t { head, body, chunk_size, chunk, trailer, done };

    bool take_head(std::string_view& data);
    bool take_line(std::string_view& data);
    bool end_line();
    bool read_head(std::string_view head);
    bool read_field(std::string_view name, std::string_view value);
    bool read_chunk_size();

    State state_ = State::head;
    std::string pending_;     // a head or line that has not ended yet
    std::uint64_t left_ = 0;  // bytes of the body, or of a chunk with its line end
    int status_ = 0;
    bool has_length_ = false;
    bool is_chunked_ = false;
    bool closes_ = false;
    bool has_retry_after_ = false;
};

}  // namespace larder::bench
