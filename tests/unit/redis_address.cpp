#include "cache/redis_address.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace larder;

namespace {

RedisAddress parsed(std::string_view url) {
    auto address = parse_redis_url(url);
    BOOST_REQUIRE_MESSAGE(address, url << " was refused");
    return std::move(*address);
}

void check_host(std::string_view url, const std::string& host, int port, int database) {
    const RedisAddress address = parsed(url);
    BOOST_TEST_CONTEXT(url) {
        BOOST_TEST(address.socket.empty());
        BOOST_TEST(address.host == host);
        BOOST_TEST(address.port == port);
        BOOST_TEST(address.database == database);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_address)

BOOST_AUTO_TEST_CASE(a_host_may_have_port_and_database) {
    check_host("redis://localhost", "localhost", 6379, 0);
    check_host("redis://localhost/", "localhost", 6379, 0);
    check_host("redis://localhost:6380", "localhost", 6380, 0);
    check_host("redis://localhost:6380/2", "localhost", 6380, 2);
    check_host("redis://10.0.0.1/15", "10.0.0.1", 6379, 15);
}

BOOST_AUTO_TEST_CASE(a_login_may_stand_before_the_host) {
    const RedisAddress both = parsed("redis://me:secret@host:1/2");
    BOOST_TEST(both.user == "me");
    BOOST_TEST(both.password == "secret");
    BOOST_TEST(both.host == "host");
    BOOST_TEST(both.port == 1);
    BOOST_TEST(both.database == 2);
    const RedisAddress password = parsed("redis://:se:cr@t@host");
    BOOST_TEST(password.user.empty());
    BOOST_TEST(password.password == "se:cr@t");
    BOOST_TEST(password.host == "host");
}

BOOST_AUTO_TEST_CASE(a_login_may_be_percent_encoded) {
    const RedisAddress address = parsed("redis://m%65:p%40ss%2Fword@host");
    BOOST_TEST(address.user == "me");
    BOOST_TEST(address.password == "p@ss/word");
}

BOOST_AUTO_TEST_CASE(an_ipv6_address_stands_in_brackets) {
    check_host("redis://[::1]", "::1", 6379, 0);
    check_host("redis://[fe80::2]:7000/1", "fe80::2", 7000, 1);
}

BOOST_AUTO_TEST_CASE(sentinels_lead_to_a_master) {
    const RedisAddress address = parsed("sentinel://me:secret@one:1,two,[::3]:3/the%20master?db=4");
    BOOST_TEST(address.user == "me");
    BOOST_TEST(address.password == "secret");
    BOOST_TEST(address.master == "the master");
    BOOST_TEST(address.database == 4);
    BOOST_REQUIRE(address.sentinels.size() == 3U);
    BOOST_TEST(address.sentinels[0].host == "one");
    BOOST_TEST(address.sentinels[0].port == 1);
    BOOST_TEST(address.sentinels[1].host == "two");
    BOOST_TEST(address.sentinels[1].port == 26379);
    BOOST_TEST(address.sentinels[2].host == "::3");
    BOOST_TEST(address.sentinels[2].port == 3);
}

BOOST_AUTO_TEST_CASE(a_socket_may_have_a_database) {
    const RedisAddress plain = parsed("unix:///run/redis.sock");
    BOOST_TEST(plain.socket == "/run/redis.sock");
    BOOST_TEST(plain.database == 0);
    const RedisAddress third = parsed("unix:///run/redis.sock?db=3");
    BOOST_TEST(third.socket == "/run/redis.sock");
    BOOST_TEST(third.database == 3);
}

BOOST_AUTO_TEST_CASE(other_texts_are_refused_with_the_form_expected) {
    for (const auto* url : {"",
                            "localhost",
                            "localhost:6379",
                            "http://localhost",
                            "rediss://localhost",
                            "redis:",
                            "redis://",
                            "redis://:6379",
                            "redis:///0",
                            "redis://host:",
                            "redis://host:x",
                            "redis://host:-1",
                            "redis://host:0",
                            "redis://host:65536",
                            "redis://host:99999999999999999999",
                            "redis://host/x",
                            "redis://host/-1",
                            "redis://host/1/2",
                            "redis://secret@host",
                            "redis://a:b@",
                            "unix://",
                            "unix://?db=1",
                            "unix://run/redis.sock",
                            "unix:///run/redis.sock?db=",
                            "unix:///run/redis.sock?db=x",
                            "unix:///run/redis.sock?db=-1",
                            "Redis://localhost",
                            "redis://[::1",
                            "redis://[::1]6379",
                            "redis://[]",
                            "sentinel://",
                            "sentinel://host",
                            "sentinel://host/",
                            "sentinel:///master",
                            "sentinel://host,/master",
                            "sentinel://host:0/master",
                            "sentinel://host/master?db=x",
                            "sentinel://secret@host/master"}) {
        BOOST_TEST_CONTEXT(url) {
            const auto address = parse_redis_url(url);
            BOOST_REQUIRE(!address);
            BOOST_TEST(address.error().find("redis://") != std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
