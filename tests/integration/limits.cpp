// contract.md, "Who may": RATE_LIMIT and CONNECTIONS_PER_ADDRESS, and what bounds slow clients and
// long heads. Another address is that of a server in front. Times are only ever limits from above,
// for what would else never come.
#define BOOST_TEST_MODULE limits
#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "fixture.hpp"
#include "outer_nginx.hpp"
#include "support/raw_socket.hpp"
#include "support/rude_clients.hpp"

using namespace larder::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

struct LimitedStack : SharedStack {
    LimitedStack()
        : SharedStack({{"METRICS_ALLOW", "127.0.0.0/8"}, {"CORS_ORIGINS", "https://app.example"}}) {
        raise_descriptor_limit();
    }
};

/// A client with another address. It has to be made before a limit is set.
class Neighbour {
public:
    explicit Neighbour(const std::string& address, const Client& of = api())
        : nginx_("location / {\nproxy_pass " + of.base_url() + ";\nproxy_bind " + address +
                 ";\nproxy_http_version 1.1;\nproxy_set_header Host $http_host;\n}") {}

    [[nodiscard]] const Client& client() const { return nginx_.client(); }

private:
    OuterNginx nginx_;
};

/// The processes of nginx that answer; the first process is their parent.
std::vector<int> answering(const Stack& of) {
    const auto first = std::to_string(of.pids("nginx").at(0));
    std::ifstream file("/proc/" + first + "/task/" + first + "/children");
    return {std::istream_iterator<int>(file), {}};
}

/// Has nginx load a configuration; returns when the processes that had the former one are gone.
template <class Load>
void reload(Load load, const Stack& of = stack()) {
    const auto former = answering(of);
    if (former.empty()) throw std::runtime_error("nginx has no processes that answer");
    load();
    const bool is_done = eventually([&] {
        return std::ranges::none_of(
            answering(of), [&](int pid) { return std::ranges::find(former, pid) != former.end(); });
    });
    if (!is_done) throw std::runtime_error("nginx keeps its former processes");
}

/// The settings with which nginx runs until the end of the scope.
class Limits {
public:
    explicit Limits(const Environment& settings, const Stack& of = stack()) : stack_(of) {
        load(settings);
    }
    ~Limits() { load({}); }
    Limits(const Limits&) = delete;
    Limits& operator=(const Limits&) = delete;

private:
    void load(const Environment& settings) {
        reload(
            [&] {
                const auto loaded = stack_.script({"reload"}, settings);
                if (loaded.status != 0) throw std::runtime_error(loaded.output);
            },
            stack_);
    }

    const Stack& stack_;
};

int counted(const Client& client, const std::string& series) {
    const auto text = client.get("/metrics").body;
    const auto at = text.find("\n" + series + " ");
    return at == text.npos ? 0 : std::stoi(text.substr(at + series.size() + 2));
}

std::string posted(std::size_t announced) {
    return "POST /items HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
           "Content-Length: " +
           std::to_string(announced) + "\r\n\r\n";
}

Address nginx() { return Address::of_url(api().base_url()); }

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(LimitedStack);

BOOST_AUTO_TEST_CASE(a_client_gets_its_rate_and_no_more) {
    const Neighbour neighbour("127.0.0.9");
    const auto path = path_of("/items", create("/items", R"({"a": 1})"));
    BOOST_TEST(eventually([] { return api().get("/items").header("X-Cache") == "HIT"; }));
    const Limits limits(Environment{{"RATE_LIMIT", "20/min"}});

    const auto start = Clock::now();
    int answered = 0;
    for (int i = 0; i < 60; ++i) answered += api().get(path).status == 200 ? 1 : 0;
    const std::chrono::duration<double> passed = Clock::now() - start;
    BOOST_TEST(answered >= 20);
    BOOST_TEST(answered <= 21 + static_cast<int>(std::ceil(passed.count() / 3)));

    // Whoever would answer, a file and nginx's cache too. One more every three seconds is let
    // through.
    for (const std::string_view what : {"/items", "/items?limit=1", "/docs", "/openapi.json",
                                        "/nothing", "/health", "/metrics"}) {
        BOOST_TEST(eventually([&] { return api().get(what).status == 429; }), what);
    }
    Response refused;
    BOOST_TEST(eventually([&] {
        refused = api().get(path, {"Origin: https://app.example"});
        return refused.status == 429;
    }));
    expect_problem(refused, 429);
    BOOST_TEST(refused.header("Retry-After") == "3");
    BOOST_TEST(refused.header("Access-Control-Allow-Origin") == "https://app.example");
    BOOST_TEST(!refused.header("X-Request-Id").empty());
    BOOST_TEST(eventually([&] { return api().put(path, R"({"a": 2})").status == 429; }));

    // Others are served, and see what happened. A preflight costs nothing and is always answered.
    BOOST_TEST(neighbour.client().get(path).status == 200);
    BOOST_TEST(eventually([&] {
        return counted(neighbour.client(),
                       R"(larder_http_requests_total{route="unknown",method="PUT",status="429"})") >
               0;
    }));
    BOOST_TEST(api()
                   .request("OPTIONS", path, {},
                            {"Origin: https://app.example", "Access-Control-Request-Method: PUT"})
                   .status == 204);
    BOOST_TEST(eventually([&] { return api().get(path).status == 200; }));
}

BOOST_AUTO_TEST_CASE(a_token_does_not_widen_the_limit_of_an_address) {
    const Limits limits(Environment{{"RATE_LIMIT", "19/min"}});
    int refused = 0;
    for (int i = 0; i < 60; ++i) {
        refused +=
            api().get("/items", {"Authorization: Bearer t" + std::to_string(i)}).status == 429 ? 1
                                                                                               : 0;
    }
    BOOST_TEST(refused > 0);
}

BOOST_AUTO_TEST_CASE(a_network_of_ipv6_is_one_address) {
    const Limits limits(Environment{{"RATE_LIMIT", "5/min"}});
    reload([] { have_clients_named(stack()); });
    const auto is_refused = [](const std::string& address) {
        return api().get("/user", {"X-Forwarded-For: " + address}).status == 429;
    };
    for (const auto& [network, other] :
         {std::pair<std::string, std::string>{"2001:db8:1:2:", "2001:db8:1:3::1"},
          {"2001:db8:1::", "2001:db8:2::1"},
          {"fd00::", "fd01::1"}}) {
        BOOST_TEST_CONTEXT(network) {
            int asked = 0;
            BOOST_TEST(eventually([&] {
                return is_refused(network + (network.ends_with("::") ? "" : ":") +
                                  std::to_string(asked++ % 5 + 1));
            }));
            BOOST_TEST(asked > 5);
            BOOST_TEST(!is_refused(other));
        }
    }
    BOOST_TEST(eventually([&] { return is_refused("203.0.113.1"); }));
    BOOST_TEST(!is_refused("203.0.113.2"));
}

BOOST_AUTO_TEST_CASE(with_tokens_each_has_the_rate_and_an_address_ten_times_of_it) {
    const Stack own(Environment{{"AUTH", "on"}});
    const Neighbour neighbour("127.0.0.11", own.client());
    const Limits limits(Environment{{"RATE_LIMIT", "6/min"}}, own);
    const auto path = "/items/" + std::string(unknown_uuid);
    const auto is_refused = [&](const Client& client, const std::string& token) {
        return client.get(path, {"Authorization: Bearer " + token}).status == 429;
    };
    BOOST_TEST(!is_refused(own.client(), "busy"));
    BOOST_TEST(eventually([&] { return is_refused(own.client(), "busy"); }));
    BOOST_TEST(!is_refused(own.client(), "quiet"));
    // A token has one rate, wherever it comes from.
    BOOST_TEST(eventually([&] { return is_refused(neighbour.client(), "busy"); }));
    BOOST_TEST(!is_refused(neighbour.client(), "another"));
    // Its end counts: whatever its length is, nginx notes it in an entry of the same size.
    const std::string end(43, 'e');
    BOOST_TEST(eventually([&] { return is_refused(neighbour.client(), end); }));
    BOOST_TEST(is_refused(neighbour.client(), std::string(7000, 'b') + end));
    BOOST_TEST(!is_refused(neighbour.client(), end.substr(1)));
    // Nobody gets more by inventing tokens. Without one, an address has a rate of its own.
    int invented = 0;
    BOOST_TEST(
        eventually([&] { return is_refused(own.client(), "t" + std::to_string(++invented)); }));
    BOOST_TEST(invented > 30);
    BOOST_TEST(own.client().get(path).status != 429);
    BOOST_TEST(!is_refused(neighbour.client(), "one more"));
}

BOOST_AUTO_TEST_CASE(a_rate_that_is_none_is_refused) {
    for (const auto* wrong : {"100", "0/s", "1.5/s", "100/h", "100/s; return 200", "1000001/s x"}) {
        const auto refused = stack().script({"reload"}, {{"RATE_LIMIT", wrong}});
        BOOST_TEST(refused.status == 1, wrong);
        BOOST_TEST(refused.output.contains("RATE_LIMIT"), refused.output);
    }
    for (const auto* rate : {"1/s", "1/min", "59/min", "1000000/s"}) {
        BOOST_TEST(stack().script({"reload"}, {{"RATE_LIMIT", rate}}).status == 0, rate);
    }
    BOOST_TEST(stack().script({"reload"}).status == 0);
}

BOOST_AUTO_TEST_CASE(an_address_has_so_many_requests_under_way) {
    const Neighbour neighbour("127.0.0.10");
    const Limits limits(Environment{{"CONNECTIONS_PER_ADDRESS", "3"}});
    {
        std::vector<RawSocket> bodies;
        Response refused;
        // A body may meet the read before it, and be the one that is refused.
        BOOST_TEST(eventually([&] {
            bodies.emplace_back(nginx());
            BOOST_TEST(bodies.back().send(posted(10) + "{"));
            refused = api().get("/items");
            return refused.status == 429;
        }));
        BOOST_TEST(bodies.size() >= 3U);
        expect_problem(refused, 429);
        BOOST_TEST(refused.header("Retry-After") == "1");
        BOOST_TEST(neighbour.client().get("/items").status == 200);
    }
    BOOST_TEST(eventually([] { return api().get("/items").status == 200; }));
}

BOOST_AUTO_TEST_CASE(a_head_has_a_size) {
    const auto with_fields = [](std::size_t count, std::size_t size) {
        std::string fields = "Host: localhost\r\n";
        for (std::size_t i = 0; i < count; ++i) {
            fields += "X-" + std::to_string(i) + ": " + std::string(size, 'x') + "\r\n";
        }
        return parse_response(
            api().raw({"GET /items HTTP/1.1\r\n" + fields + "Connection: close\r\n\r\n"}));
    };
    BOOST_TEST(with_fields(3, 7000).status == 200);
    expect_problem(with_fields(1, 8300), 431);
    expect_problem(with_fields(6, 7000), 431);
    expect_problem(with_fields(10000, 5), 431);
}

BOOST_AUTO_TEST_CASE(slow_clients_hold_up_nobody_and_are_sent_away) {
    const auto item = R"({"text": ")" + std::string(50000, 'x') + R"("})";
    for (int i = 0; i < 20; ++i) create("/items", item);
    const auto path = path_of("/employees", create("/employees", employee("A")));
    std::vector<RawSocket> heads;
    std::vector<RawSocket> bodies;
    std::vector<RawSocket> readers;
    for (int i = 0; i < 200; ++i) {
        heads.emplace_back(nginx());
        BOOST_TEST(heads.back().send("GET /items HTTP/1.1\r\nHost: loc"));
    }
    for (int i = 0; i < 150; ++i) {
        bodies.emplace_back(nginx());
        BOOST_TEST(bodies.back().send(posted(1000) + "{\"a\": "));
        readers.emplace_back(nginx());
        BOOST_TEST(readers.back().send("GET /items HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    }
    for (int i = 0; i < 20; ++i) {
        BOOST_TEST(api().get(path).status == 200);
        BOOST_TEST(api().put(path, R"({"salary": 1})").status == 200);
        BOOST_TEST(api().get("/employees").status == 200);
        BOOST_TEST(api().post("/items", "{}").status == 201);
        BOOST_TEST(api().get("/health").status == 200);
    }
    // A head has a time in all, so that one byte now and then does not help.
    BOOST_TEST(eventually([&] { return !heads.front().send("x"); }, 120s));
    BOOST_TEST(eventually([&] { return !heads.back().send("x"); }, 120s));
    // A body has a time between two pieces.
    const auto start = Clock::now();
    BOOST_TEST(bodies.front().receive_all(300s) == "");
    BOOST_TEST((Clock::now() - start < 300s));
}
