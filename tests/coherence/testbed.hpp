#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "../support/stack.hpp"
#include "redis_server.hpp"
#include "socket_proxy.hpp"

namespace larder::coherence {

/// A stack whose Redis is ours, with or without proxies in front of Redis and PostgreSQL. Taken
/// down by the destructor. Throws std::runtime_error if a part does not start. The environment
/// variables LARDER_WORKER and LARDER_FEED of the caller choose the programs.
class TestBed {
public:
    explicit TestBed(bool with_proxies);
    ~TestBed();
    TestBed(const TestBed&) = delete;
    TestBed& operator=(const TestBed&) = delete;

    test::Stack& stack() { return *stack_; }
    RedisServer& redis() { return *redis_; }
    /// Null without proxies.
    SocketProxy* redis_proxy() { return redis_proxy_.get(); }
    SocketProxy* database_proxy() { return database_proxy_.get(); }
    /// To be called when PostgreSQL was started again: it has taken its socket's path back. Not
    /// with the stack going up or down meanwhile.
    void interpose_database_proxy();
    [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
    [[nodiscard]] bool has_feed() const;

    /// AUTH is on. Everything but `/secrets` is for anyone, so clients need no token for it.
    /// The token of an administrator.
    [[nodiscard]] const std::string& admin() const { return admin_; }
    /// AUTH_JWKS, and what it asks of a JWT.
    [[nodiscard]] std::filesystem::path key_file() const { return directory_ / "keys.json"; }
    static constexpr std::string_view issuer = "https://id.example";
    static constexpr std::string_view audience = "coherence";

private:
    [[nodiscard]] std::string real_database_socket() const;

    std::filesystem::path directory_;
    std::filesystem::path database_socket_;
    std::string admin_;
    std::unique_ptr<RedisServer> redis_;
    std::unique_ptr<SocketProxy> redis_proxy_;
    std::unique_ptr<test::Stack> stack_;
    std::unique_ptr<SocketProxy> database_proxy_;
};

}  // namespace larder::coherence
