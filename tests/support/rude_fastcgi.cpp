#include <array>

#include "fastcgi_bytes.hpp"
#include "rude_acts.hpp"

// Wrong FastCGI may be answered or not: a worker is free to close the connection.
namespace larder::test {
namespace {

using namespace std::chrono_literals;
namespace fcgi = fastcgi;

constexpr auto a_moment = 3000us;
constexpr auto silence = 300000us;

std::string request_id(RudeClient& client) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string id;
    for (int i = 0; i < 32; ++i) id += digits[client.below(digits.size())];
    return id;
}

std::string get(RudeClient& client, fcgi::Envelope envelope = {}) {
    return fcgi::request(fcgi::parameters_of("GET", client.some_record(), 0, request_id(client)),
                         "", client.coin(), envelope);
}

std::string put(RudeClient& client, fcgi::Envelope envelope = {}) {
    const auto body = client.some_body();
    return fcgi::request(
        fcgi::parameters_of("PUT", client.some_record(), body.size(), request_id(client)), body,
        client.coin(), envelope);
}

void send_and_hang_up(RudeClient& client, std::string_view bytes, bool reads = true) {
    RawSocket socket(client.targets.workers);
    socket.send(bytes);
    if (reads && client.coin()) (void)socket.receive(1 + client.below(500), 20ms);
    client.wait(a_moment);
    socket.close();
}

void get_and_hang_up(RudeClient& client) { send_and_hang_up(client, get(client), false); }

void put_and_hang_up(RudeClient& client) { send_and_hang_up(client, put(client), false); }

void half_a_request(RudeClient& client) {
    RawSocket socket(client.targets.workers);
    client.send_part(socket, client.coin() ? get(client) : put(client));
    client.wait(client.below(4) == 0 ? silence : a_moment);
}

void one_byte(RudeClient& client) {
    RawSocket socket(client.targets.workers);
    socket.send("\1");
    client.wait(silence);
}

void wrong_header(RudeClient& client) {
    fcgi::Envelope envelope;
    const auto what = client.below(4);
    if (what == 0) envelope.version = static_cast<std::uint8_t>(client.below(256));
    const int type = what == 1 ? static_cast<int>(client.below(256)) : fcgi::params;
    const int role = what == 2 ? static_cast<int>(client.below(65536)) : fcgi::responder;
    if (what == 3) envelope.id = 0;
    send_and_hang_up(client, fcgi::begin(client.coin(), envelope, role) +
                                 fcgi::record(type, "\1\1ab", envelope) + get(client));
}

void wrong_lengths(RudeClient& client) {
    static constexpr std::array<std::uint32_t, 6> lengths = {0x7FFFFFFF, 0x7FFFFFFE, 0x40000000,
                                                             0x7FFFFFF0, 0x00FFFFFF, 128};
    // In the stream's first byte the highest bit says that there are four.
    std::string content = fcgi::long_length(lengths[client.below(lengths.size())]) +
                          fcgi::long_length(lengths[client.below(lengths.size())]);
    if (client.coin()) content = "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF";
    content.resize(1 + client.below(content.size()));
    if (client.coin()) content += "REQUEST_URI";
    send_and_hang_up(client, fcgi::begin(client.coin()) + fcgi::record(fcgi::params, content) +
                                 fcgi::record(fcgi::params, "") +
                                 fcgi::record(fcgi::standard_input, ""));
}

void wrong_content_length(RudeClient& client) {
    static constexpr std::array lengths = {"18446744073709551615",
                                           "18446744073709551616",
                                           "9223372036854775807",
                                           "4611686018427387904",
                                           "99999999999",
                                           "-1",
                                           "0",
                                           "1",
                                           "1000000",
                                           "1e3",
                                           "",
                                           "0x10"};
    auto parameters = fcgi::parameters_of("PUT", client.some_record(), 0, request_id(client));
    parameters.emplace_back("CONTENT_TYPE", "application/json");
    parameters.emplace_back("CONTENT_LENGTH", lengths[client.below(lengths.size())]);
    send_and_hang_up(client, fcgi::request(parameters, client.some_body(), client.coin()));
}

// Two requests on one connection, one record of each at a time.
void interleave(RudeClient& client) {
    const std::array<fcgi::Envelope, 2> envelopes = {{{.id = 1}, {.id = 2}}};
    std::string bytes;
    for (const auto& envelope : envelopes) bytes += fcgi::begin(true, envelope);
    for (const auto& envelope : envelopes) {
        bytes += fcgi::record(
            fcgi::params,
            fcgi::pairs(fcgi::parameters_of("GET", client.some_record(), 0, request_id(client))),
            envelope);
    }
    for (const auto& envelope : envelopes) bytes += fcgi::record(fcgi::params, "", envelope);
    for (const auto& envelope : envelopes) {
        bytes += fcgi::record(fcgi::standard_input, "", envelope);
    }
    send_and_hang_up(client, bytes);
}

void abort_it(RudeClient& client) {
    auto bytes = client.coin() ? get(client) : put(client);
    if (client.coin()) bytes.resize(bytes.size() - 8);  // before the end of the body
    send_and_hang_up(client, bytes + fcgi::record(fcgi::abort_request, ""));
}

void ask_for_values(RudeClient& client) {
    const fcgi::Parameters asked = {{"FCGI_MAX_CONNS", ""}, {"FCGI_MPXS_CONNS", ""}, {"x", "y"}};
    const auto envelope = fcgi::Envelope{.id = 0, .padding = 3};
    send_and_hang_up(client,
                     fcgi::record(fcgi::get_values, fcgi::pairs(asked), envelope) + get(client));
}

void empty_records(RudeClient& client) {
    std::string bytes;
    const auto count = client.below(200);
    for (std::size_t i = 0; i < count; ++i) {
        bytes += fcgi::record(static_cast<int>(client.below(12)), "",
                              {.padding = static_cast<std::uint8_t>(client.below(256))});
    }
    send_and_hang_up(client, client.coin() ? bytes + get(client) : get(client) + bytes);
}

void many_parameters(RudeClient& client) {
    std::string bytes = fcgi::begin(client.coin());
    const auto count = 1 + client.below(20);
    for (std::size_t i = 0; i < count; ++i) {
        bytes += fcgi::record(fcgi::params, fcgi::pair("X", std::string(60000, 'x')));
    }
    send_and_hang_up(client, bytes);
}

void flip_a_byte(RudeClient& client) {
    auto bytes = client.coin() ? get(client) : put(client);
    const auto count = 1 + client.below(4);
    for (std::size_t i = 0; i < count; ++i) {
        bytes[client.below(bytes.size())] = static_cast<char>(client.random());
    }
    send_and_hang_up(client, bytes);
}

void pipeline(RudeClient& client) {
    std::string bytes;
    const auto count = 2 + client.below(10);
    for (std::size_t i = 0; i < count; ++i) {
        bytes += fcgi::request(
            fcgi::parameters_of("GET", client.some_record(), 0, request_id(client)), "", true);
    }
    send_and_hang_up(client, bytes);
}

// A proper request, with padding and in pieces: its answer has to be its own.
void ask_properly(RudeClient& client) {
    const auto& path = client.some_record();
    const auto id = request_id(client);
    const auto bytes = fcgi::request(fcgi::parameters_of("GET", path, 0, id), "", false,
                                     {.id = static_cast<std::uint16_t>(1 + client.below(65535)),
                                      .padding = static_cast<std::uint8_t>(client.below(256))});
    RawSocket socket(client.targets.workers);
    const auto first = client.below(bytes.size());
    socket.send(std::string_view(bytes).substr(0, first));
    client.wait(a_moment);
    socket.send(std::string_view(bytes).substr(first));
    const auto answered = socket.receive_all(1s);
    const auto number = static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[2]) << 8 |
                                                   static_cast<unsigned char>(bytes[3]));
    const auto answer = fcgi::answer_to(answered, number);
    if (!answer.is_whole || answer.output.contains("Status: ")) return;
    if (!answer.output.contains(path.substr(path.rfind('/') + 1))) {
        client.wrong_answer = path + " -> " + answer.output.substr(0, 500);
    }
    if (answer.output.contains("X-Request-Id: ") && !answer.output.contains(id)) {
        client.wrong_answer = "request " + id + " -> " + answer.output.substr(0, 500);
    }
}

constexpr std::array acts = {
    RudeAct{"fastcgi-get-hang-up", true, get_and_hang_up},
    RudeAct{"fastcgi-put-hang-up", true, put_and_hang_up},
    RudeAct{"fastcgi-half", true, half_a_request},
    RudeAct{"fastcgi-one-byte", true, one_byte},
    RudeAct{"fastcgi-header", true, wrong_header},
    RudeAct{"fastcgi-lengths", true, wrong_lengths},
    RudeAct{"fastcgi-content-length", true, wrong_content_length},
    RudeAct{"fastcgi-interleaved", true, interleave},
    RudeAct{"fastcgi-abort", true, abort_it},
    RudeAct{"fastcgi-values", true, ask_for_values},
    RudeAct{"fastcgi-empty", true, empty_records},
    RudeAct{"fastcgi-parameters", true, many_parameters},
    RudeAct{"fastcgi-flipped", true, flip_a_byte},
    RudeAct{"fastcgi-pipeline", true, pipeline},
    RudeAct{"fastcgi-proper", true, ask_properly},
};

}  // namespace

std::span<const RudeAct> fastcgi_acts() { return acts; }

}  // namespace larder::test
