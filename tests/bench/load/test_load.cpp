#define BOOST_TEST_MODULE load
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include "answer.hpp"
#include "client.hpp"
#include "histogram.hpp"
#include "schedule.hpp"

namespace {

using namespace larder::bench;
using namespace std::chrono_literals;

constexpr std::string_view sized =
    "HTTP/1.1 201 Created\r\ncontent-length:  5\r\nX-Cache: HIT\r\n\r\n{\"\r\n}";
constexpr std::string_view chunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    "4\r\n[1,2\r\nB;name=value\r\n,3,\r\n\r\n\r\n4]\r\n0\r\nTrailer: 1\r\n\r\n";

bool is_one_answer(std::string_view text) {
    Answer answer;
    return answer.take(text) && answer.is_done();
}

constexpr std::string_view refusal =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";

/// Listens on a free port and serves one connection: the first request gets `first` after `stall`,
/// the others `sized` at once.
class StallingServer {
public:
    explicit StallingServer(std::chrono::milliseconds stall, std::string_view first = sized)
        : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        socklen_t size = sizeof(address);
        BOOST_REQUIRE(bind(listener_, generic, size) == 0 && listen(listener_, 1) == 0);
        getsockname(listener_, generic, &size);
        port = ntohs(address.sin_port);
        thread_ = std::jthread([this, stall, first] { serve(stall, first); });
    }
    ~StallingServer() { close(listener_); }

    std::uint16_t port = 0;

private:
    void serve(std::chrono::milliseconds stall, std::string_view next) const {
        const int fd = accept(listener_, nullptr, nullptr);
        if (fd < 0) return;
        std::array<char, 4096> request{};
        while (recv(fd, request.data(), request.size(), 0) > 0) {
            std::this_thread::sleep_for(std::exchange(stall, 0ms));
            const auto text = std::exchange(next, sized);
            send(fd, text.data(), text.size(), MSG_NOSIGNAL);
        }
        close(fd);
    }

    int listener_;
    std::jthread thread_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(an_answer_ends_where_it_ends_however_it_is_cut) {
    for (const auto text : {sized, chunked}) {
        for (std::size_t cut = 1; cut < text.size(); ++cut) {
            Answer answer;
            BOOST_REQUIRE(answer.take(text.substr(0, cut)));
            BOOST_REQUIRE(!answer.is_done());
            BOOST_REQUIRE(answer.take(text.substr(cut)));
            BOOST_REQUIRE(answer.is_done());
            BOOST_TEST(answer.status() == (text == sized ? 201 : 200));
            BOOST_TEST(answer.closes() == (text == chunked));
        }
        Answer answer;
        for (const char& one : text) BOOST_REQUIRE(answer.take({&one, 1}));
        BOOST_TEST(answer.is_done());
    }
}

BOOST_AUTO_TEST_CASE(some_answers_have_no_body) {
    BOOST_TEST(is_one_answer("HTTP/1.1 204 No Content\r\n\r\n"));
    BOOST_TEST(is_one_answer("HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n"));
    BOOST_TEST(is_one_answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(what_is_no_single_answer_is_refused) {
    for (const std::string_view text : {
             "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n12",
             "HTTP/1.1 200 OK\r\n\r\n1",
             "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n1",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
             "HTTP/1.1 2\r\nContent-Length: 0\r\n\r\n",
             "SSH-2.0\r\n\r\n",
         }) {
        BOOST_TEST(!Answer().take(text), text);
    }
}

BOOST_AUTO_TEST_CASE(a_refusal_says_when_to_come_again) {
    for (const auto& [text, is_refusal] : {
             std::pair("HTTP/1.1 503 x\r\nretry-after: 1\r\nContent-Length: 0\r\n\r\n", true),
             std::pair("HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n", false),
             std::pair("HTTP/1.1 200 x\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n", false),
         }) {
        Answer answer;
        BOOST_REQUIRE(answer.take(text));
        BOOST_TEST(answer.is_refusal() == is_refusal, text);
    }
}

BOOST_AUTO_TEST_CASE(quantiles_are_exact_to_two_percent) {
    Histogram histogram;
    Histogram other;
    for (std::uint64_t value = 1; value <= 100'000; ++value) {
        (value % 2 == 0 ? histogram : other).add(value * 10);
    }
    histogram.merge(other);
    BOOST_TEST(histogram.total() == 100'000);
    BOOST_TEST(histogram.largest() == 1'000'000);
    for (const double share : {0.5, 0.9, 0.99, 0.999}) {
        const auto found = static_cast<double>(histogram.quantile(share));
        BOOST_TEST(found >= share * 1e6);
        BOOST_TEST(found <= share * 1.016e6 + 10);
    }
    BOOST_TEST(histogram.quantile(1) == 1'000'000);
    BOOST_TEST(Histogram().quantile(0.99) == 0);
}

BOOST_AUTO_TEST_CASE(a_schedule_does_not_drift) {
    const Clock::time_point start{};
    Schedule schedule(start, 3);
    for (int i = 0; i < 3'000'000; ++i) schedule.take();
    BOOST_TEST((schedule.next() == start + 1'000'000s));
    BOOST_TEST(!schedule.is_due(start + 999'999s));
    BOOST_TEST(schedule.is_due(start + 1'000'000s));
}

// The requests that were due while the server stood still could not be sent, for the only
// connection was waiting; their latency shows it all the same.
BOOST_AUTO_TEST_CASE(a_stall_shows_in_the_latency_of_all_that_were_due) {
    const StallingServer server(600ms);
    constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
    Client client({.port = server.port, .connections = 1, .rate = 100}, {&request, 1});
    const auto start = Clock::now();
    const auto tally = client.run(start, start + 500ms);
    BOOST_TEST(tally.latency.total() == 50);
    BOOST_TEST(tally.broken == 0);
    BOOST_TEST(tally.statuses.at(201) == 50);
    BOOST_TEST(tally.latency.quantile(0.5) >= 300'000);
}

BOOST_AUTO_TEST_CASE(an_impatient_client_skips_what_it_has_no_connection_for) {
    const StallingServer server(600ms, refusal);
    constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
    Client client({.port = server.port, .connections = 1, .rate = 100, .impatient = true},
                  {&request, 1});
    const auto start = Clock::now();
    const auto tally = client.run(start, start + 500ms);
    BOOST_TEST(tally.refusals.total() == 1);
    BOOST_TEST(tally.latency.total() == 0);
    BOOST_TEST(tally.skipped == 49);
    BOOST_TEST(tally.broken == 0);
}
