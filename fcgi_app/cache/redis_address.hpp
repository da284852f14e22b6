#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace larder {

/// Where a Redis Sentinel is, which knows where Redis is.
struct SentinelAddress {
    std::string host;
    int port = 26379;
};

/// Where Redis is: at `socket`; or where one of `sentinels` says that `master` is now; or else at
/// `host` and `port`. Database and login are those of Redis; sentinels are asked without a login.
struct RedisAddress {
    std::string socket;
    std::string host = "127.0.0.1";
    int port = 6379;
    std::vector<SentinelAddress> sentinels;
    std::string master;
    int database = 0;
    std::string user;
    std::string password;
};

/// Reads one of
///   redis://[user:password@]host[:port][/db]
///   unix:///path[?db=0]
///   sentinel://[user:password@]host[:port][,host[:port]...]/master[?db=0]
/// An IPv6 address stands in brackets; user and password may be percent-encoded.
/// Fails with a message for the operator.
std::expected<RedisAddress, std::string> parse_redis_url(std::string_view url);

}  // namespace larder
