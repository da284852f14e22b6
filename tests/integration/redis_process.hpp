#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace larder::test {

/// A Redis server, or a sentinel, on a free TCP port of 127.0.0.1, with a directory of its own. It
/// is killed by the destructor, and also when the test process dies. For one thread, which must
/// outlive it. Throws std::runtime_error when it does not come up.
class RedisProcess {
public:
    /// A server; `options` as on its command line.
    explicit RedisProcess(const std::vector<std::string>& options = {});
    /// A sentinel that watches `master` as "larder" and acts when `quorum` of them agree.
    RedisProcess(const RedisProcess& master, int quorum);
    ~RedisProcess();
    RedisProcess(const RedisProcess&) = delete;
    RedisProcess& operator=(const RedisProcess&) = delete;

    void kill();
    /// What redis-cli prints.
    [[nodiscard]] std::string command(std::vector<std::string> arguments) const;
    [[nodiscard]] bool holds_keys(const std::string& database) const;
    [[nodiscard]] const std::string& port() const { return port_; }

private:
    void start(std::vector<std::string> arguments);

    std::string port_;
    std::filesystem::path directory_;
    int pid_ = -1;
};

}  // namespace larder::test
