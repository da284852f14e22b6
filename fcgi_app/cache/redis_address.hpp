#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace larder {

/// Where Redis is. A `socket` path wins over host and port.
struct RedisAddress {
    std::string socket;
    std::string host = "127.0.0.1";
    int port = 6379;
    int database = 0;
    std::string user;
    std::string password;
};

/// Reads `redis://[user:password@]host[:port][/db]` or `unix:///path[?db=0]`.
/// Fails with a message for the operator.
std::expected<RedisAddress, std::string> parse_redis_url(std::string_view url);

}  // namespace larder
