#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "../support/database.hpp"

namespace larder::coherence {

/// A Redis server of our own, to be killed, paused and brought back with other data. For one thread
/// at a time. Throws std::runtime_error when it does not start. It ends with this process, however
/// that ends.
class RedisServer {
public:
    /// `directory` has to exist; socket and dump live in it.
    explicit RedisServer(std::filesystem::path directory);
    ~RedisServer();
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;

    [[nodiscard]] std::string socket() const { return directory_ / "redis.sock"; }

    void kill();
    void start_empty();
    /// With what it held at the last save_dump(); empty if there was none.
    void start_from_dump();
    void save_dump();
    void pause() const;
    void resume() const;
    std::string command(const std::vector<std::string>& arguments) const;

private:
    void start();

    std::filesystem::path directory_;
    int pid_ = -1;
    int lifeline_ = -1;  // the server is killed when this closes
};

}  // namespace larder::coherence
