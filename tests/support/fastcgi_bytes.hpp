#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The records of FastCGI 1.0 as bytes, right ones and wrong ones.
namespace larder::test::fastcgi {

enum Type : std::uint8_t {
    begin_request = 1,
    abort_request = 2,
    end_request = 3,
    params = 4,
    standard_input = 5,
    standard_output = 6,
    get_values = 9,
};

enum Role : std::uint16_t { responder = 1, authorizer = 2, filter = 3 };

using Parameters = std::vector<std::pair<std::string, std::string>>;

struct Envelope {
    std::uint16_t id = 1;
    std::uint8_t padding = 0;
    std::uint8_t version = 1;
};

/// One record; `content` has at most 65535 bytes. `type` is any, so that it can be a wrong one.
std::string record(int type, std::string_view content, Envelope envelope = {});

std::string begin(bool keep_connection, Envelope envelope = {}, int role = responder);

/// A name and a value with their lengths.
std::string pair(std::string_view name, std::string_view value);
std::string pairs(const Parameters& parameters);

/// A length in its four-byte form.
std::string long_length(std::uint32_t length);

/// All of a request: begin, parameters, body, each stream with its end.
std::string request(const Parameters& parameters, std::string_view body, bool keep_connection,
                    Envelope envelope = {});

/// The parameters that nginx sends with a request of JSON.
Parameters parameters_of(std::string_view method, std::string_view target, std::size_t body_size,
                         std::string_view request_id);

struct Answer {
    std::string output;     ///< of the request with the id that was asked for: head and body
    bool is_whole = false;  ///< its FCGI_END_REQUEST has come
};

/// The answer to request `id` in what a worker has sent; other records are skipped.
Answer answer_to(std::string_view bytes, std::uint16_t id = 1);

}  // namespace larder::test::fastcgi
