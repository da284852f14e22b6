#include "fastcgi_bytes.hpp"

#include <algorithm>

namespace larder::test::fastcgi {
namespace {

constexpr std::size_t header_size = 8;

char byte(std::size_t value) { return static_cast<char>(value & 0xFF); }

std::size_t number_at(std::string_view bytes, std::size_t position) {
    return static_cast<std::size_t>(static_cast<unsigned char>(bytes[position])) << 8 |
           static_cast<unsigned char>(bytes[position + 1]);
}

std::string length_of(std::string_view text) {
    if (text.size() < 128) return {byte(text.size())};
    return long_length(static_cast<std::uint32_t>(text.size()));
}

}  // namespace

std::string record(int type, std::string_view content, Envelope envelope) {
    std::string bytes{static_cast<char>(envelope.version),
                      byte(static_cast<std::size_t>(type)),
                      byte(envelope.id >> 8U),
                      byte(envelope.id),
                      byte(content.size() >> 8U),
                      byte(content.size()),
                      static_cast<char>(envelope.padding),
                      '\0'};
    bytes += content;
    bytes.append(envelope.padding, 'p');
    return bytes;
}

std::string begin(bool keep_connection, Envelope envelope, int role) {
    const std::string body{byte(static_cast<std::size_t>(role) >> 8U),
                           byte(static_cast<std::size_t>(role)),
                           keep_connection ? '\1' : '\0',
                           '\0',
                           '\0',
                           '\0',
                           '\0',
                           '\0'};
    return record(begin_request, body, envelope);
}

std::string long_length(std::uint32_t length) {
    return {byte(length >> 24U | 0x80U), byte(length >> 16U), byte(length >> 8U), byte(length)};
}

std::string pair(std::string_view name, std::string_view value) {
    std::string bytes = length_of(name) + length_of(value);
    return bytes.append(name).append(value);
}

std::string pairs(const Parameters& parameters) {
    std::string bytes;
    for (const auto& [name, value] : parameters) bytes += pair(name, value);
    return bytes;
}

std::string request(const Parameters& parameters, std::string_view body, bool keep_connection,
                    Envelope envelope) {
    std::string bytes = begin(keep_connection, envelope) +
                        record(params, pairs(parameters), envelope) + record(params, "", envelope);
    for (; !body.empty(); body.remove_prefix(std::min<std::size_t>(body.size(), 65535))) {
        bytes += record(standard_input, body.substr(0, 65535), envelope);
    }
    return bytes + record(standard_input, "", envelope);
}

Parameters parameters_of(std::string_view method, std::string_view target, std::size_t body_size,
                         std::string_view request_id) {
    Parameters parameters = {{"REQUEST_URI", std::string(target)},
                             {"REQUEST_METHOD", std::string(method)},
                             {"REQUEST_ID", std::string(request_id)},
                             {"HTTP_HOST", "127.0.0.1"}};
    if (body_size > 0) {
        parameters.emplace_back("CONTENT_TYPE", "application/json");
        parameters.emplace_back("CONTENT_LENGTH", std::to_string(body_size));
    }
    return parameters;
}

Answer answer_to(std::string_view bytes, std::uint16_t id) {
    Answer answer;
    while (bytes.size() >= header_size) {
        const auto content = number_at(bytes, 4);
        const std::size_t whole =
            header_size + content + static_cast<std::size_t>(static_cast<unsigned char>(bytes[6]));
        if (bytes.size() < whole) return answer;
        if (number_at(bytes, 2) == id) {
            if (bytes[1] == standard_output) answer.output += bytes.substr(header_size, content);
            answer.is_whole = answer.is_whole || bytes[1] == end_request;
        }
        bytes.remove_prefix(whole);
    }
    return answer;
}

}  // namespace larder::test::fastcgi
