#include "server/fastcgi.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/input.hpp"
#include "fuzz/target.hpp"

using namespace larder;

namespace {

constexpr std::size_t body_limit = 300;
// Answers to a management record are 16 bytes; the reader gives up beyond a bound of its own.
constexpr std::size_t most_replies = 65536 + 32;

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// What a reader made of a connection's bytes, request by request.
struct Seen {
    struct Request {
        Parameters parameters;
        std::string body;
        std::uint16_t id = 0;
        bool is_body_too_large = false;
        bool keeps_connection = false;

        bool operator==(const Request&) const = default;
    };
    std::vector<Request> requests;
    std::string replies;
    std::size_t taken = 0;
    bool has_failed = false;
    bool is_idle = false;

    bool operator==(const Seen&) const = default;
};

void check_bounds(fastcgi::RequestReader& reader) {
    MUST(reader.body().size() <= body_limit);
    MUST(!reader.is_body_too_large() || reader.body().empty());
    MUST(reader.replies().size() <= most_replies);
    MUST(!(reader.is_complete() && reader.has_failed()));
}

/// `streamed`: the body, if it is a stream.
void take_request(fastcgi::RequestReader& reader, std::string& streamed, Seen& seen) {
    Seen::Request request;
    std::size_t size = 0;
    reader.for_each_parameter([&](std::string_view name, std::string_view value) {
        request.parameters.emplace_back(name, value);
        size += name.size() + value.size();
    });
    MUST(size <= fastcgi::RequestReader::most_parameters);
    MUST(reader.is_stream() ? reader.body().empty() : streamed.empty());
    request.body = reader.is_stream() ? std::exchange(streamed, {}) : reader.body();
    request.id = reader.id();
    request.is_body_too_large = reader.is_body_too_large();
    request.keeps_connection = reader.keeps_connection();
    seen.requests.push_back(std::move(request));
    reader.reset();
}

/// `cuts` says how long each piece is; an empty one: all at once.
Seen read(std::string_view bytes, std::string_view cuts) {
    Seen seen;
    std::string streamed;
    const auto sink = [&](std::string_view content) { streamed += content; };
    fastcgi::RequestReader reader(body_limit);
    for (std::size_t turn = 0; seen.taken < bytes.size() && !reader.has_failed(); ++turn) {
        const std::size_t cut = cuts.empty()
                                    ? bytes.size()
                                    : static_cast<unsigned char>(cuts[turn % cuts.size()]) % 40U;
        std::string_view piece = bytes.substr(seen.taken, cut + 1);
        while (!piece.empty() && !reader.has_failed()) {
            const bool is_streaming = reader.has_head_of_stream();
            const std::size_t taken =
                is_streaming ? reader.take_body(piece, sink) : reader.take(piece);
            check_bounds(reader);
            MUST(taken <= piece.size());
            MUST(taken > 0);
            MUST(taken == piece.size() || reader.is_complete() || reader.has_failed() ||
                 (!is_streaming && reader.has_head_of_stream()));
            piece.remove_prefix(taken);
            seen.taken += taken;
            if (reader.is_complete()) take_request(reader, streamed, seen);
        }
    }
    if (reader.has_failed()) MUST(reader.take(bytes) == 0);
    seen.has_failed = reader.has_failed();
    seen.is_idle = reader.is_idle();
    seen.replies = reader.replies();
    return seen;
}

void append_record(std::string& out, int type, std::string_view content, std::size_t padding) {
    const auto low = [](std::size_t number) { return static_cast<char>(number & 0xFFU); };
    out += {1, static_cast<char>(type), 0, 1};
    out += {low(content.size() >> 8U), low(content.size()), low(padding), 0};
    out.append(content).append(padding, 'p');
}

void append_length(std::string& out, std::size_t length, bool is_long) {
    if (is_long || length > 127) {
        for (const unsigned shift : {24U, 16U, 8U}) {
            out += static_cast<char>((length >> shift) | (shift == 24 ? 0x80U : 0U));
        }
    }
    out += static_cast<char>(length);
}

/// A stream of records, cut where the input says, and its end.
void append_stream(std::string& out, int type, std::string_view content, fuzz::Input& input) {
    while (!content.empty()) {
        const auto part = content.substr(0, 1 + input.byte());
        append_record(out, type, part, input.byte() % 8);
        content.remove_prefix(part.size());
    }
    append_record(out, type, {}, input.byte() % 8);
}

/// A request as a front end sends it is read as it was meant.
void check_round_trip(fuzz::Input input, std::string_view cuts) {
    Seen::Request request{.parameters = {}, .body = {}, .id = 1};
    request.keeps_connection = input.flag();
    std::string out;
    const char flags = request.keeps_connection ? 1 : 0;
    append_record(out, 1, std::string{0, 1, flags, 0, 0, 0, 0, 0}, 0);
    std::string parameters;
    for (unsigned left = input.byte() % 6; left > 0; --left) {
        const std::string name(input.bytes(input.byte() % 150));
        const std::string value(input.bytes(input.byte()));
        append_length(parameters, name.size(), input.flag());
        append_length(parameters, value.size(), input.flag());
        parameters += name + value;
        request.parameters.emplace_back(name, value);
    }
    append_stream(out, 4, parameters, input);
    const std::string body(input.bytes(input.byte() * 2));
    append_stream(out, 5, body, input);
    const bool is_stream = std::ranges::any_of(
        request.parameters, [](const auto& one) { return one.first == "BODY_STREAM"; });
    request.is_body_too_large = !is_stream && body.size() > body_limit;
    if (!request.is_body_too_large) request.body = body;
    const Seen seen = read(out, cuts);
    MUST(!seen.has_failed && seen.is_idle && seen.taken == out.size());
    MUST(seen.requests == std::vector{request});
}

/// An answer is records of the protocol, and nothing of its content is lost.
void check_output(std::string_view content) {
    std::string out;
    fastcgi::append_output(out, 1, content);
    std::string found;
    for (std::string_view rest = out; !rest.empty();) {
        MUST(rest.size() >= fastcgi::header_size && rest[0] == 1 && rest[1] == 6);
        const auto length = std::size_t{static_cast<unsigned char>(rest[4])} << 8U |
                            static_cast<unsigned char>(rest[5]);
        const auto padding = static_cast<unsigned char>(rest[6]);
        MUST(length > 0 && rest.size() >= fastcgi::header_size + length + padding);
        found += rest.substr(fastcgi::header_size, length);
        rest.remove_prefix(fastcgi::header_size + length + padding);
    }
    MUST(found == content);
}

}  // namespace

// First byte: how many bytes of the input say where the rest is cut. However it is cut, the same is
// read.
FUZZ_TARGET(fastcgi) {
    fuzz::Input decisions(input);
    const std::string_view cuts = decisions.bytes(decisions.byte() % 8);
    const std::string_view bytes = decisions.rest();
    MUST(read(bytes, cuts) == read(bytes, {}));
    MUST(read(bytes, std::string_view("\0", 1)) == read(bytes, {}));
    check_round_trip(fuzz::Input(bytes), cuts);
    check_output(bytes);
}
