#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

/// The records of FastCGI (FastCGI Specification 1.0, sections 3 to 6), as a responder needs them.
/// All of it is pure: bytes go in and out, no descriptor is touched. One thread at a time.
namespace larder::fastcgi {

inline constexpr std::size_t header_size = 8;  ///< of a record, in bytes

/// Puts a request together from the bytes of a connection, in pieces of any size, so that no thread
/// ever waits for the rest of a record. A connection carries one request after another, never two
/// at once. Memory is bounded: parameters by `most_parameters`, the body by the limit that it is
/// given.
class RequestReader {
public:
    /// Bytes of all parameters of a request. nginx sends at most some 40 KiB.
    static constexpr std::size_t most_parameters = 262144;

    /// A longer body than `body_limit` bytes is read to its end and not kept.
    explicit RequestReader(std::size_t body_limit) : body_limit_(body_limit) {}

    /// The parameter by which the front end says that the body comes as a stream: it is of any
    /// length, and not kept here. See `take_body`.
    static constexpr std::string_view stream_parameter = "BODY_STREAM";

    /// Takes bytes up to the end of the request and gives how many it took; of one whose body is a
    /// stream, up to its body. Takes none when that has come or the reader has failed.
    std::size_t take(std::string_view bytes);

    /// Takes bytes of a body that is a stream, up to the end of the request, and gives how many it
    /// took. `sink` gets the content; empty: nobody does.
    std::size_t take_body(std::string_view bytes,
                          const std::function<void(std::string_view)>& sink);

    bool is_complete() const { return stage_ == Stage::complete; }

    /// Whether the body is a stream, and the request is complete but for that.
    bool has_head_of_stream() const { return is_stream_ && stage_ == Stage::body; }
    bool is_stream() const { return is_stream_; }

    /// Bytes came that no request may have, or the front end has given the request up. The
    /// connection is of no more use.
    bool has_failed() const { return stage_ == Stage::failed; }

    /// Nothing of a request has come yet.
    bool is_idle() const { return stage_ == Stage::start && header_size_ == 0; }

    /// Forgets the request, so that the next one can come; keeps the memory of a usual one.
    void reset();

    /// Calls `take(name, value)` for each parameter of a complete request, in the order sent. The
    /// views live until `reset`.
    template <class Take>
    void for_each_parameter(Take take_parameter) const {
        std::string_view rest = parameters_;
        std::string_view name;
        std::string_view value;
        while (next_parameter(rest, name, value)) take_parameter(name, value);
    }

    std::string& body() { return body_; }
    bool is_body_too_large() const { return is_body_too_large_; }
    std::uint16_t id() const { return id_; }

    /// Whether the front end wants to use the connection again (FCGI_KEEP_CONN).
    bool keeps_connection() const { return keeps_connection_; }

    /// What has to be sent at once, whatever becomes of the request: answers to management records
    /// and to roles that this program does not play. The caller empties it.
    std::string& replies() { return replies_; }

private:
    enum class Stage { start, parameters, body, complete, failed };

    std::size_t take_header(std::string_view bytes);
    std::size_t take_content(std::string_view bytes);
    void start_record();
    void end_record();
    void begin_request();
    void fail() { stage_ = Stage::failed; }
    void add_body(std::string_view bytes);
    bool has_sound_parameters() const;
    bool names_stream() const;
    static bool next_parameter(std::string_view& rest, std::string_view& name,
                               std::string_view& value);

    const std::size_t body_limit_;
    Stage stage_ = Stage::start;
    unsigned char header_[header_size] = {};
    std::size_t header_size_ = 0;  // bytes of the header that have come
    std::size_t content_ = 0;      // bytes of the record that are still to come
    std::size_t padding_ = 0;
    std::string small_;  // the content of a record that is not of a stream
    std::string parameters_;
    std::string body_;
    std::string replies_;
    std::uint16_t id_ = 0;
    bool is_stream_ = false;
    const std::function<void(std::string_view)>* sink_ = nullptr;  // of a stream, in take_body
    bool is_body_too_large_ = false;
    bool keeps_connection_ = false;
};

/// Appends `content` as FCGI_STDOUT records.
void append_output(std::string& out, std::uint16_t id, std::string_view content);

/// Appends the end of the answer (FCGI_END_REQUEST).
void append_end(std::string& out, std::uint16_t id);

}  // namespace larder::fastcgi
