#include "redis_server.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace larder::coherence {
namespace {

namespace fs = std::filesystem;

/// Runs the server until standard input closes, which it does when the writer dies.
constexpr const char* guard = R"("$@" </dev/null >/dev/null & cat; kill -9 $! 2>/dev/null)";

int process_id(const std::string& info) {
    std::istringstream lines(info);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("process_id:")) return std::stoi(line.substr(11));
    }
    throw std::runtime_error("redis-server does not tell its process id");
}

void spawn_guarded(std::vector<std::string> server, int input) {
    std::vector<std::string> arguments = {"sh", "-c", guard, "larder-coherence-redis"};
    arguments.insert(arguments.end(), server.begin(), server.end());
    std::vector<char*> pointers;
    for (auto& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    pid_t child = -1;
    const int error = posix_spawnp(&child, "sh", &actions, nullptr, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw std::runtime_error("redis-server cannot be started");
    std::thread([child] { waitpid(child, nullptr, 0); }).detach();
}

}  // namespace

RedisServer::RedisServer(fs::path directory) : directory_(std::move(directory)) { start(); }

RedisServer::~RedisServer() { kill(); }

void RedisServer::start() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe for redis-server");
    lifeline_ = ends[1];
    fs::remove(socket());
    spawn_guarded({"redis-server", "--port", "0", "--unixsocket", socket(), "--unixsocketperm",
                   "777", "--dir", directory_, "--dbfilename", "dump.rdb", "--save", "",
                   "--appendonly", "no", "--logfile", directory_ / "redis.log"},
                  ends[0]);
    close(ends[0]);
    for (int attempt = 0; attempt < 500; ++attempt) {
        try {
            pid_ = process_id(command({"INFO", "server"}));
            return;
        } catch (const std::runtime_error&) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }
    throw std::runtime_error("redis-server does not answer; see " +
                             (directory_ / "redis.log").string());
}

void RedisServer::kill() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    if (lifeline_ >= 0) close(lifeline_);
    pid_ = -1;
    lifeline_ = -1;
}

void RedisServer::start_empty() {
    fs::remove(directory_ / "dump.rdb");
    start();
}

void RedisServer::start_from_dump() {
    fs::remove(directory_ / "dump.rdb");
    if (fs::exists(directory_ / "old.rdb")) {
        fs::copy_file(directory_ / "old.rdb", directory_ / "dump.rdb");
    }
    start();
}

void RedisServer::save_dump() {
    command({"SAVE"});
    fs::rename(directory_ / "dump.rdb", directory_ / "old.rdb");
}

void RedisServer::pause() const { ::kill(pid_, SIGSTOP); }

void RedisServer::resume() const { ::kill(pid_, SIGCONT); }

std::string RedisServer::command(const std::vector<std::string>& arguments) const {
    return test::Redis(socket()).command(arguments);
}

}  // namespace larder::coherence
