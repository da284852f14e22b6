#include "redis_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

#include "support/parallel.hpp"
#include "support/stack.hpp"
#include "support/temporary_directory.hpp"

namespace larder::test {

RedisProcess::RedisProcess(const std::vector<std::string>& options)
    : port_(std::to_string(free_port())), directory_(temporary_directory("larder-redis")) {
    std::vector<std::string> arguments = {"redis-server", "--port", port_,     "--bind",
                                          "127.0.0.1",    "--save", "",        "--appendonly",
                                          "no",           "--dir",  directory_};
    arguments.insert(arguments.end(), options.begin(), options.end());
    start(std::move(arguments));
}

RedisProcess::RedisProcess(const RedisProcess& master, int quorum)
    : port_(std::to_string(free_port())), directory_(temporary_directory("larder-redis")) {
    const auto file = directory_ / "sentinel.conf";  // a sentinel writes to it what it learns
    std::ofstream(file) << "port " << port_
                        << "\nbind 127.0.0.1\nsentinel monitor larder 127.0.0.1 " << master.port()
                        << ' ' << quorum
                        << "\nsentinel down-after-milliseconds larder 500\n"
                           "sentinel failover-timeout larder 5000\n";
    start({"redis-sentinel", file});
}

RedisProcess::~RedisProcess() {
    kill();
    std::filesystem::remove_all(directory_);
}

void RedisProcess::start(std::vector<std::string> arguments) {
    std::vector<char*> pointers;
    for (auto& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        const int nowhere = open("/dev/null", O_RDWR);
        dup2(nowhere, STDIN_FILENO);
        dup2(nowhere, STDOUT_FILENO);
        execvp(pointers[0], pointers.data());
        _exit(127);
    }
    if (pid_ < 0 || !eventually([&] { return command({"PING"}) == "PONG\n"; })) {
        throw std::runtime_error(arguments[0] + " does not answer on port " + port_);
    }
}

void RedisProcess::kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

std::string RedisProcess::command(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"redis-cli", "-p", port_});
    return run(arguments).output;
}

bool RedisProcess::holds_keys(const std::string& database) const {
    return command({"-n", database, "DBSIZE"}) != "0\n";
}

}  // namespace larder::test
