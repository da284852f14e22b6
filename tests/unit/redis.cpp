// A server that answers what Redis would not: it is a failure like any other.
#include "cache/redis.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "cache/record_cache.hpp"
#include "observe/metrics.hpp"
#include "temporary_directory.hpp"

using namespace larder;

namespace {

constexpr std::string_view info =
    "\nrole:master\r\nrun_id:0123456789012345678901234567890123456789\r\n"
    "master_replid:abcdefabcdefabcdefabcdefabcdefabcdefabcd\r\n";

std::string bulk(std::string_view text) {
    return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}

/// Serves one connection: for each command that arrives it sends the next of `answers` as it is;
/// after the last one it is silent until the client is gone.
class FakeRedis {
public:
    explicit FakeRedis(std::deque<std::string> answers) : answers_(std::move(answers)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(address);
        auto* const where = reinterpret_cast<sockaddr*>(&address);
        if (listener_ < 0 || bind(listener_, where, size) != 0 || listen(listener_, 8) != 0 ||
            getsockname(listener_, where, &size) != 0) {
            throw std::runtime_error("no listening socket");
        }
        address_.port = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~FakeRedis() {
        shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }
    FakeRedis(const FakeRedis&) = delete;
    FakeRedis& operator=(const FakeRedis&) = delete;

    const RedisAddress& address() const { return address_; }

    /// How many answers were sent.
    std::size_t sent() const { return sent_; }

private:
    void serve() {
        for (int client = -1; (client = accept(listener_, nullptr, nullptr)) >= 0;) {
            std::string input;
            std::array<char, 4096> part{};
            for (;;) {
                const auto got = recv(client, part.data(), part.size(), 0);
                if (got <= 0) break;
                input.append(part.data(), static_cast<std::size_t>(got));
                while (take_command(input) && !answers_.empty()) {
                    send(client, answers_.front().data(), answers_.front().size(), MSG_NOSIGNAL);
                    answers_.pop_front();
                    ++sent_;
                }
            }
            ::close(client);
        }
    }

    /// Removes one whole command, a list of texts, from the front of what has arrived.
    static bool take_command(std::string& input) {
        std::size_t at = input.find("\r\n");
        if (at == input.npos) return false;
        int arguments = std::stoi(input.substr(1, at));
        for (at += 2; arguments > 0; --arguments) {
            const auto end = input.find("\r\n", at);
            if (end == input.npos) return false;
            at = end + 4 + std::stoul(input.substr(at + 1, end));
            if (at > input.size()) return false;
        }
        input.erase(0, at);
        return true;
    }

    std::deque<std::string> answers_;
    std::atomic<std::size_t> sent_ = 0;
    RedisAddress address_;
    int listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::thread thread_;
};

std::deque<std::string> after_start(std::deque<std::string> answers) {
    for (int script = 0; script < 4; ++script) answers.push_front(bulk(std::string(40, 'a')));
    answers.push_front(bulk(info));
    return answers;
}

struct Host {
    TemporaryDirectory run;
    SharedState state{};
    Trust trust{state};
    std::unique_ptr<MetricsMemory> memory = std::move(*MetricsMemory::open(run.path().string()));
    Metrics metrics{*memory};
    FakeRedis server;
    RecordCache cache{trust, metrics, server.address(), std::chrono::milliseconds(200)};
    std::optional<std::string> identity;

    explicit Host(std::deque<std::string> answers) : server(after_start(std::move(answers))) {
        identity = cache.connect();
        BOOST_REQUIRE(identity);
        BOOST_REQUIRE(trust.begin(5, *identity));
        BOOST_REQUIRE(trust.complete(5));
    }
};

const std::array<std::string, 2> keys = {"boats:1", "boats:2"};
const std::array<std::string_view, 2> viewed = {keys[0], keys[1]};

/// Every kind of answer, none of which is right for anything that is asked about two keys.
const std::array<std::string, 16> nonsense = {
    "HTTP/1.1 400 Bad Request\r\n\r\n",
    "$-1\r\n",
    "*0\r\n",
    "*-1\r\n",
    "+OK\r\n",
    ":5\r\n",
    "$1\r\n5\r\n",
    "*1\r\n*1\r\n$1\r\n5\r\n",
    "*3\r\n:5\r\n:5\r\n:5\r\n",
    "*2\r\n$-1\r\n$-1\r\n",
    "*-7\r\n",
    "$-7\r\n",
    "$99999999999999999999\r\n",
    "*99999999999999999999\r\n",
    "-ERR no such thing\r\n",
    "*1\r\n$19\r\n9223372036854775809\r\n",
};

}  // namespace

BOOST_AUTO_TEST_SUITE(redis)

BOOST_AUTO_TEST_CASE(nonsense_is_a_failure_of_every_operation) {
    for (const std::string& answer : nonsense) {
        BOOST_TEST_CONTEXT(answer) {
            Host reading({answer});
            BOOST_TEST(reading.cache.read(viewed).empty());
            BOOST_TEST(reading.trust.epoch() == 0U);
            Host leasing({answer});
            BOOST_TEST(leasing.cache.lease(5, keys).of.empty());
            BOOST_TEST(leasing.trust.epoch() == 0U);
            Host fencing({answer});
            BOOST_TEST(fencing.cache.fence(keys, "t") == 0U);
            BOOST_TEST(fencing.trust.epoch() == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(nonsense_under_the_right_epoch_is_a_failure) {
    for (const std::string rest :
         {"", "$-1\r\n", "$-1\r\n:1\r\n$-1\r\n$-1\r\n", ":1\r\n:1\r\n:1\r\n:1\r\n"}) {
        const auto count = std::ranges::count(rest, '\r');
        Host host({"*" + std::to_string(1 + count) + "\r\n$1\r\n5\r\n" + rest});
        BOOST_TEST_CONTEXT(rest) {
            BOOST_TEST(host.cache.lease(5, keys).of.empty());
            BOOST_TEST(host.trust.epoch() == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(nonsense_while_an_epoch_is_joined_is_a_failure) {
    for (const std::string answer : {"*0\r\n", ":3\r\n", "+OK\r\n"}) {
        Host host({answer});
        BOOST_REQUIRE(host.trust.begin(6, *host.identity));
        BOOST_TEST(host.cache.fence(keys, "t") == 0U);
        BOOST_TEST(!host.trust.complete(6));
    }
}

BOOST_AUTO_TEST_CASE(scripts_that_cannot_be_loaded_are_a_failure) {
    for (const std::string answer : {"$-1\r\n", "*0\r\n", ":1\r\n", "-NOSCRIPT x\r\n"}) {
        TemporaryDirectory run;
        SharedState state{};
        Trust trust(state);
        const auto memory = std::move(*MetricsMemory::open(run.path().string()));
        const Metrics metrics(*memory);
        FakeRedis server({bulk(info), answer, answer, answer, answer});
        RecordCache cache(trust, metrics, server.address(), std::chrono::milliseconds(200));
        BOOST_TEST(!cache.connect());
    }
}

BOOST_AUTO_TEST_CASE(a_late_noscript_and_then_silence) {
    Host host({"-NOSCRIPT No matching script\r\n"});  // the answer to the fill; then none
    host.cache.fill(5, {.token = "t", .keys = {keys[0]}, .values = {"v"}});
    BOOST_TEST(host.cache.fence(keys, "t") == 0U);
    BOOST_TEST(host.trust.epoch() == 0U);
}

BOOST_AUTO_TEST_CASE(a_scan_that_never_ends_is_left) {
    std::deque<std::string> answers(1000, "*2\r\n$1\r\n7\r\n*0\r\n");
    answers.push_front(":0\r\n");
    Host host(std::move(answers));
    host.cache.remove_other_epochs(5);
    BOOST_TEST(host.server.sent() < 500U);
    BOOST_TEST(host.trust.epoch() == 5U);
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_not_open_fails) {
    RedisAddress nowhere;
    nowhere.port = 1;
    RedisConnection redis(nowhere, std::chrono::milliseconds(50));
    const RedisCommand command = {"PING"};
    BOOST_TEST(!redis.command(command));
    BOOST_TEST(!redis.send({&command, 1}));
    BOOST_TEST(!redis.open());
    BOOST_TEST(!redis.command(command));
    BOOST_TEST(!redis.error().empty());
}

BOOST_AUTO_TEST_SUITE_END()
