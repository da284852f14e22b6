#include <array>
#include <thread>

#include "rude_acts.hpp"

namespace larder::test {
namespace {

using namespace std::chrono_literals;

constexpr auto a_moment = 3000us;
constexpr auto silence = 300000us;

std::string head(std::string_view method, const std::string& path, std::string_view more = {}) {
    return std::string(method) + ' ' + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" +
           std::string(more) + "\r\n";
}

std::string put_head(const std::string& path, std::size_t length) {
    return head(
        "PUT", path,
        "Content-Type: application/json\r\nContent-Length: " + std::to_string(length) + "\r\n");
}

std::string put(RudeClient& client) {
    const auto body = client.some_body();
    return put_head(client.some_record(), body.size()) + body;
}

void get_and_hang_up(RudeClient& client) {
    RawSocket socket(client.targets.nginx);
    socket.send(head("GET", client.some_record()));
    client.wait(a_moment);
    client.hang_up(socket);
}

void put_and_hang_up(RudeClient& client) {
    RawSocket socket(client.targets.nginx);
    socket.send(put(client));
    client.wait(a_moment);
    client.hang_up(socket);
}

void get_cold_and_hang_up(RudeClient& client) {
    RawSocket socket(client.targets.nginx);
    socket.send(head("GET", client.coin()
                                ? "/products/00000000-0000-4000-8000-" +
                                      std::to_string(100000000000 + client.below(100000))
                                : "/products?limit=" + std::to_string(client.below(500))));
    client.wait(a_moment);
    client.hang_up(socket);
}

void hang_up_before_the_body(RudeClient& client) {
    RawSocket socket(client.targets.nginx);
    socket.send(put_head(client.some_record(), 100));
    client.wait(a_moment);
    client.hang_up(socket);
}

void hang_up_in_the_head(RudeClient& client) {
    RawSocket socket(client.targets.nginx);
    client.send_part(socket, head("GET", client.some_record()));
    client.wait(a_moment);
    client.hang_up(socket);
}

void hang_up_in_the_body(RudeClient& client) {
    RawSocket socket(client.targets.nginx);
    const auto body = R"({"description": ")" + std::string(client.below(200000), 'x');
    socket.send(put_head(client.some_record(), body.size() + 1 + client.below(1000)) + body);
    client.wait(a_moment);
    client.hang_up(socket);
}

void hang_up_in_the_answer(RudeClient& client) {
    RawSocket socket(client.targets.nginx);
    socket.send(head("GET", client.some_list()));
    (void)socket.receive(1 + client.below(100), 1s);
    client.hang_up(socket);
}

// It has to have its answer: that is what a half-closed connection is for.
void half_close(RudeClient& client) {
    RawSocket socket(client.targets.nginx);
    const auto& path = client.some_record();
    socket.send(head("GET", path, "Connection: close\r\n"));
    socket.half_close();
    const auto answer = socket.receive_all(1s);
    if (answer.starts_with("HTTP/1.1 200") && !answer.contains(path.substr(path.rfind('/') + 1))) {
        client.wrong_answer = path + " -> " + answer.substr(0, 500);
    }
}

void pipeline(RudeClient& client) {
    RawSocket socket(client.targets.nginx);
    std::string requests;
    const auto count = 2 + client.below(30);
    for (std::size_t i = 0; i < count; ++i) {
        requests += client.coin() ? head("GET", client.some_record()) : put(client);
    }
    socket.send(requests);
    const auto answers = client.below(count);
    for (std::size_t i = 0; i < answers; ++i) (void)socket.receive(1000, 100ms);
    client.hang_up(socket);
}

void read_slowly(RudeClient& client) {
    RawSocket socket(client.targets.nginx);
    socket.send(head("GET", client.some_list()));
    for (int i = 0; i < 20; ++i) {
        (void)socket.receive(10, 100ms);
        std::this_thread::sleep_for(25ms);
    }
    client.hang_up(socket);
}

void one_byte_and_silence(RudeClient& client) {
    RawSocket socket(client.targets.nginx);
    socket.send("G");
    client.wait(silence);
    client.hang_up(socket);
}

void garbage(RudeClient& client) {
    RawSocket socket(client.targets.nginx);
    std::string bytes(1 + client.below(2000), '\0');
    for (char& byte : bytes) byte = static_cast<char>(client.random());
    socket.send(bytes);
    (void)socket.receive(1000, 20ms);
    client.hang_up(socket);
}

constexpr std::array acts = {
    RudeAct{"get-hang-up", false, get_and_hang_up},
    RudeAct{"put-hang-up", false, put_and_hang_up},
    RudeAct{"cold-hang-up", false, get_cold_and_hang_up},
    RudeAct{"head-cut", false, hang_up_in_the_head},
    RudeAct{"body-missing", false, hang_up_before_the_body},
    RudeAct{"body-cut", false, hang_up_in_the_body},
    RudeAct{"answer-cut", false, hang_up_in_the_answer},
    RudeAct{"half-close", false, half_close},
    RudeAct{"pipeline", false, pipeline},
    RudeAct{"slow-reader", false, read_slowly},
    RudeAct{"one-byte", false, one_byte_and_silence},
    RudeAct{"garbage", false, garbage},
};

}  // namespace

std::span<const RudeAct> http_acts() { return acts; }

}  // namespace larder::test
