#include "stack.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>
#include <stdexcept>

#include "parallel.hpp"
#include "temporary_directory.hpp"

namespace larder::test {
namespace {

namespace fs = std::filesystem;

std::string stack_script() { return (source_directory() / "scripts" / "stack").string(); }

/// What a test's stack has where the test says nothing else. The empty addresses keep a developer's
/// .env from leading the stack to somebody's data.
Environment defaults(const fs::path& directory) {
    return {{"STACK", directory / "stack"},
            {"API_HOST", "127.0.0.1"},
            {"API_PORT", std::to_string(free_port())},
            {"LARDER_WORKER", program_directory() / "larder-worker"},
            {"LARDER_FEED", program_directory() / "larder-feed"},
            {"LARDER_SCHEMA", program_directory() / "larder-schema"},
            {"LARDER_WWW", program_directory().parent_path() / "www"},
            {"RESOURCES_DIR", source_directory() / "resources"},
            {"DATABASE_URL", ""},
            {"REDIS_URL", ""},
            {"REDIS_HOST", ""},
            {"REDIS_PORT", ""},
            {"REDIS_DB", ""},
            {"POSTGRES_ARGS", "-c fsync=off"}};
}

Environment with_defaults(Environment environment, const fs::path& directory) {
    environment.merge(defaults(directory));
    return environment;
}

/// For those who look into a failure: LARDER_TEST_LOGS names a directory that keeps the logs.
void keep_logs(const fs::path& directory) {
    const char* target = std::getenv("LARDER_TEST_LOGS");
    if (target == nullptr) return;
    std::error_code ignored;
    fs::create_directories(target, ignored);
    fs::copy(directory / "stack" / "logs", fs::path(target) / directory.filename(),
             fs::copy_options::recursive, ignored);
}

bool ends_a_process(int signal) {
    return signal == SIGKILL || signal == SIGTERM || signal == SIGINT || signal == SIGQUIT ||
           signal == SIGABRT || signal == SIGSEGV;
}

const std::vector<std::string> all_parts = {"postgresql", "redis", "worker", "feed", "nginx"};

// A destructor cannot fail a test, and not every program that has a stack uses Boost.Test. The exit
// status is what all of them are judged by.
void fail_at_exit() {
    [[maybe_unused]] static const int registered = std::atexit([] {
        std::fflush(nullptr);
        _exit(1);
    });
}

}  // namespace

fs::path source_directory() { return fs::path(LARDER_SOURCE_DIRECTORY).lexically_normal(); }
fs::path program_directory() { return LARDER_PROGRAM_DIRECTORY; }

bool is_alive(int pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(stat, line)) return false;
    // The name may hold anything, so the state is what follows the last parenthesis.
    return line.at(line.rfind(')') + 2) != 'Z';
}

int free_port() {
    std::random_device random;
    std::uniform_int_distribution<int> choose(10240, 32000);
    for (int attempt = 0; attempt < 1000; ++attempt) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int port = choose(random);
        address.sin_port = htons(static_cast<uint16_t>(port));
        const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int bound = bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof address);
        close(probe);
        if (bound == 0) return port;
    }
    throw std::runtime_error("no free port");
}

Stack::Stack(Environment environment)
    : directory_(temporary_directory("larder-test")),
      environment_(with_defaults(std::move(environment), directory_)),
      client_("http://" + environment_.at("API_HOST") + ':' + environment_.at("API_PORT")) {
    deaths_ = std::make_unique<DeathWatch>(environment_.at("STACK"));
    start_keeper();
    up();
    const auto now = status();
    database_url_ = now.at("database_url");
    redis_socket_ = now.at("redis_socket");
}

Stack::~Stack() {
    (void)script({"down"});
    check_for_deaths();
    dismiss_keeper();
    keep_logs(directory_);
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
}

Finished Stack::script(std::vector<std::string> arguments, Environment changes) const {
    const DeathWatch::Asked asked(
        *deaths_, arguments.empty() ? all_parts : parts_ended_by(arguments[0], changes));
    arguments.insert(arguments.begin(), stack_script());
    changes.insert(environment_.begin(), environment_.end());
    return run(arguments, changes);
}

void Stack::up() {
    const auto finished = script({"up"});
    if (finished.status != 0) throw std::runtime_error("scripts/stack up: " + finished.output);
}

void Stack::down() {
    const auto finished = script({"down"});
    if (finished.status != 0) throw std::runtime_error("scripts/stack down: " + finished.output);
}

std::map<std::string, std::string> Stack::status() const {
    std::map<std::string, std::string> values;
    const auto finished = script({"status"});
    if (finished.status != 0) throw std::runtime_error("scripts/stack status: " + finished.output);
    std::istringstream lines(finished.output);
    for (std::string line; std::getline(lines, line);) {
        const auto equals = line.find('=');
        if (equals != std::string::npos) values[line.substr(0, equals)] = line.substr(equals + 1);
    }
    return values;
}

std::vector<int> Stack::pids(const std::string& part) const {
    std::istringstream text(status()[part + "_pid"]);
    std::vector<int> result;
    for (int pid = 0; text >> pid;) result.push_back(pid);
    return result;
}

void Stack::signal(const std::string& part, int signal) const {
    for (const int pid : pids(part)) kill(pid, signal);
}

void Stack::kill(int pid, int signal) const {
    if (ends_a_process(signal)) deaths_->expect(pid, signal);
    ::kill(pid, signal);
}

std::vector<std::string> Stack::take_unasked_deaths() const { return deaths_->take_unasked(); }

void Stack::check_for_deaths() const {
    const auto deaths = take_unasked_deaths();
    for (const auto& death : deaths) std::cerr << "error: unasked death: " << death << '\n';
    if (!deaths.empty()) fail_at_exit();
}

// "up" ends what is left of a part whose first process is gone, and "apply" what has other
// descriptions; so does "up" that is given other ones.
std::vector<std::string> Stack::parts_ended_by(const std::string& command,
                                               const Environment& changes) const {
    if (command == "apply" || (command == "up" && changes.contains("RESOURCES_DIR"))) {
        return {"worker", "feed"};
    }
    if (command == "down" || command == "destroy") return all_parts;
    if (command == "restore") return {"worker", "feed"};
    if (command == "restart-workers") return {"worker"};
    if (command == "restart-feed") return {"feed"};
    if (command != "up") return {};
    std::vector<std::string> gone;
    for (const auto& part : all_parts) {
        std::ifstream file(fs::path(environment_.at("STACK")) / "pids" / part);
        int pid = 0;
        if (!(file >> pid) || !is_alive(pid)) gone.push_back(part);
    }
    return gone;
}

void Stack::stop(const std::string& part, int signal) const {
    const auto processes = pids(part);
    for (const int pid : processes) kill(pid, signal);
    for (const int pid : processes) {
        if (!eventually([&] { return !is_alive(pid); })) {
            throw std::runtime_error(part + " does not stop");
        }
    }
}

// The keeper waits for a line. If this process ends without one, whatever ended it, the keeper
// takes the stack down. It is nobody's child and in no session of ours, so that neither Ctrl-C nor
// ctest, which kills a test with its descendants, reaches it.
void Stack::start_keeper() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe for the keeper");
    const std::string script_path = stack_script();
    const std::string stack = environment_.at("STACK");
    const pid_t child = fork();
    if (child == 0) {
        setsid();
        if (fork() != 0) _exit(0);
        dup2(ends[0], STDIN_FILENO);
        const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
        execl("/bin/sh", "sh", "-c",
              "read -r word || { STACK=\"$2\" API_PORT=\"$3\" \"$1\" down; rm -rf \"$4\"; }",
              "larder-test-keeper", script_path.c_str(), stack.c_str(),
              environment_.at("API_PORT").c_str(), directory_.c_str(), nullptr);
        _exit(127);
    }
    waitpid(child, nullptr, 0);
    close(ends[0]);
    keeper_ = ends[1];
}

void Stack::dismiss_keeper() {
    [[maybe_unused]] const auto written = write(keeper_, "done\n", 5);
    close(keeper_);
}

}  // namespace larder::test
