// contract.md, "Settings": METRICS_ALLOW. Who may read /metrics where a server in front asks for
// clients anywhere.
#define BOOST_TEST_MODULE metrics_access
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>

#include "fixture.hpp"
#include "outer_nginx.hpp"

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

constexpr const char* forwarding[] = {"Forwarded: for=203.0.113.9",
                                      "X-Forwarded: for=203.0.113.9",
                                      "X-Forwarded-For: 203.0.113.9",
                                      "X-Forwarded-For: 0",
                                      "X-Forwarded-Host: a.example",
                                      "X-Forwarded-Port: 443",
                                      "X-Forwarded-Prefix: /api",
                                      "X-Forwarded-Proto: https",
                                      "X-Forwarded-Server: a.example",
                                      "X-Real-IP: 203.0.113.9",
                                      "X-Client-IP: 203.0.113.9",
                                      "X-Cluster-Client-IP: 203.0.113.9",
                                      "Via: 1.1 proxy",
                                      "CF-Connecting-IP: 203.0.113.9",
                                      "True-Client-IP: 203.0.113.9",
                                      "Fastly-Client-IP: 203.0.113.9",
                                      "X-Envoy-External-Address: 203.0.113.9",
                                      "X-Original-Forwarded-For: 203.0.113.9"};

/// An IPv4 address of this machine that is no loopback address.
std::optional<std::string> own_address() {
    ifaddrs* found = nullptr;
    if (getifaddrs(&found) != 0) return {};
    const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> all(found, freeifaddrs);
    for (const ifaddrs* one = found; one != nullptr; one = one->ifa_next) {
        if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET ||
            (one->ifa_flags & IFF_LOOPBACK) != 0 || (one->ifa_flags & IFF_UP) == 0) {
            continue;
        }
        char text[INET_ADDRSTRLEN] = {};
        const auto* address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
        if (inet_ntop(AF_INET, &address->sin_addr, text, sizeof text) != nullptr) return text;
    }
    return {};
}

void expect_closed_when_forwarded(const Client& client) {
    BOOST_TEST(client.get("/metrics").status == 200);
    BOOST_TEST(client.head("/metrics").status == 200);
    BOOST_TEST(client.options("/metrics").status == 204);
    for (const auto* field : forwarding) {
        BOOST_TEST_CONTEXT(field) {
            expect_problem(client.get("/metrics", {field}), 403);
            BOOST_TEST(client.head("/metrics", {field}).status == 403);
            BOOST_TEST(client.get("/health", {field}).status == 200);
        }
    }
    // What nginx's proxy_pass sends unless told otherwise.
    const auto old =
        parse_response(client.raw({"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n"}));
    BOOST_TEST(old.status == 403);
}

int status_behind(const std::string& more) {
    const OuterNginx outer("location / { proxy_pass " + api().base_url() + ";" + more + " }");
    return outer.client().get("/metrics").status;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_forwarded_is_not_of_this_host) {
    expect_closed_when_forwarded(api());
    BOOST_TEST(status_behind("") == 403);
    BOOST_TEST(status_behind("proxy_set_header X-Real-IP $remote_addr;") == 403);
    BOOST_TEST(status_behind("proxy_http_version 1.1; proxy_set_header Host $http_host;"
                             " proxy_set_header X-Forwarded-For $remote_addr;") == 403);
}

BOOST_AUTO_TEST_CASE(nor_is_it_of_any_other_host_that_is_allowed) {
    const auto address = own_address();
    if (!address) {
        BOOST_TEST_MESSAGE("this machine has no address but that of loopback");
        return;
    }
    const Stack open({{"API_HOST", *address}, {"METRICS_ALLOW", *address}});
    expect_closed_when_forwarded(open.client());
    std::ifstream limits(open.directory() / "stack" / "nginx" / "larder" / "limits.conf");
    const std::string text(std::istreambuf_iterator<char>(limits), {});
    BOOST_TEST(text.contains("limit_conn larder_remote_addresses 1000;"), text);
}

BOOST_AUTO_TEST_CASE(a_client_that_nginx_knows_is_judged_by_its_own_address) {
    const Stack known(Environment{{"METRICS_ALLOW", "203.0.113.0/24 2001:db8::/32"}});
    have_clients_named(known);
    const auto status_of = [&](const char* field) {
        return known.client().get("/metrics", {field}).status;
    };
    BOOST_TEST(eventually([&] { return status_of("X-Forwarded-For: 203.0.113.9") == 200; }));
    BOOST_TEST(status_of("X-Forwarded-For: 2001:db8::9") == 200);
    BOOST_TEST(status_of("X-Forwarded-For: 198.51.100.1") == 403);
    BOOST_TEST(status_of("X-Forwarded-For: 203.0.113.9, 198.51.100.1") == 403);
    BOOST_TEST(status_of("X-Forwarded-For: 127.0.0.1") == 403);
    BOOST_TEST(status_of("X-Real-IP: 203.0.113.9") == 403);
    BOOST_TEST(known.client().get("/metrics").status == 403);
}

BOOST_AUTO_TEST_CASE(with_tokens_a_role_reads_them_from_anywhere) {
    const Stack guarded(Environment{{"AUTH", "on"}});
    const auto bearer_of = [&](const std::string& name, const std::string& role) {
        const auto made = guarded.script({"token", "create", "--name", name, "--role", role});
        for (const auto& line : lines_in(made.output)) {
            if (line.starts_with("larder_")) return "Authorization: Bearer " + line;
        }
        throw std::runtime_error(made.output);
    };
    const auto scraper = bearer_of("prometheus", "metrics");
    const auto admin = bearer_of("root", "admin");
    const auto clerk = bearer_of("clerk", "clerk");
    const Client& client = guarded.client();
    // What comes from this host needs no token.
    BOOST_TEST(client.get("/metrics").status == 200);
    const std::string forwarded = "X-Forwarded-For: 203.0.113.9";
    const auto refused = client.get("/metrics", {forwarded});
    expect_problem(refused, 401);
    BOOST_TEST(refused.header("WWW-Authenticate").starts_with("Bearer "));
    BOOST_TEST(client.get("/metrics", {forwarded, scraper}).status == 200);
    BOOST_TEST(client.get("/metrics", {forwarded, admin}).status == 200);
    expect_problem(client.get("/metrics", {forwarded, clerk}), 403);
    expect_problem(client.get("/metrics", {forwarded, "Authorization: Bearer larder_none"}), 401);
    expect_problem(client.get("/metrics", {forwarded, "METRICS_ALLOWED: 1", "Metrics-Allowed: 1"}),
                   401);
}
