#include "side.hpp"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "../fixture.hpp"
#include "support/temporary_directory.hpp"

namespace larder::test {

namespace fs = std::filesystem;

namespace {

const std::map<std::string, std::string>& addresses() {
    static const auto status = stack().status();
    return status;
}

Environment environment_of_stack() {
    return {{"PATH", std::getenv("PATH")},
            {"DATABASE_URL", addresses().at("database_url")},
            {"REDIS_URL", addresses().at("redis_url")},
            {"RUN_DIR", addresses().at("run_dir")}};
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (auto& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

/// For the child: root becomes the account of the stack.
void change_account(const struct stat& owner) {
    if (geteuid() != 0) return;
    if (setgroups(0, nullptr) != 0 || setgid(owner.st_gid) != 0 || setuid(owner.st_uid) != 0) {
        _exit(127);
    }
}

void hand_over(const fs::path& directory) {
    const auto done = run({"chown", "-R", "--reference", addresses().at("run_dir"), directory});
    BOOST_REQUIRE_MESSAGE(done.status == 0, done.output);
}

int listen_at(const fs::path& path) {
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof(address.sun_path) - 1);
    BOOST_REQUIRE(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
                  0);
    BOOST_REQUIRE(listen(listener, 64) == 0);
    return listener;
}

}  // namespace

StackProcess::StackProcess(const std::vector<std::string>& command, const Environment& changes,
                           const fs::path& log, int listener) {
    auto environment = changes;
    environment.merge(environment_of_stack());
    std::vector<std::string> arguments = command;
    std::vector<std::string> variables;
    for (const auto& [name, value] : environment) variables.push_back(name + '=' + value);
    const auto argv = pointers_to(arguments);
    const auto envp = pointers_to(variables);
    struct stat owner{};
    BOOST_REQUIRE(stat(addresses().at("run_dir").c_str(), &owner) == 0);
    const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const int input = listener >= 0 ? listener : open("/dev/null", O_RDONLY | O_CLOEXEC);
    pid_ = fork();
    if (pid_ == 0) {
        dup2(input, STDIN_FILENO);
        dup2(output, STDOUT_FILENO);
        dup2(output, STDERR_FILENO);
        change_account(owner);
        prctl(PR_SET_PDEATHSIG, SIGTERM);  // a test that is killed leaves nothing
        execvpe(argv[0], argv.data(), envp.data());
        _exit(127);
    }
    close(output);
    if (listener < 0) close(input);
}

StackProcess::~StackProcess() {
    if (pid_ > 0) (void)stop(SIGKILL);
}

int StackProcess::wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int StackProcess::stop(int signal) {
    kill(pid_, signal);
    return wait();
}

Side::Side(const fs::path& descriptions, const Environment& changes)
    : directory_(temporary_directory("larder-side")) {
    fs::copy(descriptions, this->descriptions());
    const int port = free_port();
    render(port);
    listener_ = listen_at(directory_ / "socket");
    hand_over(directory_);
    worker_ = std::make_unique<StackProcess>(
        std::vector<std::string>{program_of_stack("larder-worker"), "--resources",
                                 this->descriptions()},
        changes, directory_ / "logs" / "worker.log", listener_);
    nginx_ = std::make_unique<StackProcess>(
        std::vector<std::string>{"nginx", "-e", "stderr", "-p", directory_, "-c",
                                 directory_ / "nginx" / "nginx.conf", "-g", "daemon off;"},
        Environment{}, directory_ / "logs" / "nginx.log");
    client_ = std::make_unique<Client>("http://127.0.0.1:" + std::to_string(port));
    const bool is_up = eventually([this] { return client_->get("/health/live").status == 200; });
    BOOST_REQUIRE_MESSAGE(is_up, run({"sh", "-c", "cat \"$1\"/logs/*", "sh", directory_}).output);
}

Side::~Side() {
    nginx_.reset();
    worker_.reset();
    if (listener_ >= 0) close(listener_);
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
}

// As scripts/stack does, for a stack in the directory of this side.
void Side::render(int port) const {
    for (const std::string part : {"logs", "nginx-temp", "nginx-cache"}) {
        fs::create_directory(directory_ / part);
    }
    const auto rendered =
        run({"bash", "-c",
             "set -euo pipefail; ROOT=$1; for part in common settings process edge site nginx; do"
             " source \"$ROOT/scripts/lib/$part.sh\"; done; check_settings; render_nginx",
             "bash", source_directory()},
            {{"STACK", directory_},
             {"RUN_DIR", addresses().at("run_dir")},
             {"WORKER_PROGRAM", program_of_stack("larder-worker")},
             {"RESOURCES_DIR", descriptions()},
             {"API_PORT", std::to_string(port)},
             {"WORKERS", "1"},
             {"WORKER_ADDRESS", "unix:" + (directory_ / "socket").string()}});
    BOOST_REQUIRE_MESSAGE(rendered.status == 0, rendered.output);
}

void Side::stop() {
    BOOST_REQUIRE(nginx_->stop(SIGTERM) == 0);
    BOOST_REQUIRE(worker_->stop(SIGTERM) == 0);
    nginx_.reset();
    worker_.reset();
}

fs::path program_of_stack(const std::string& name) {
    const fs::path program = stack().directory() / name;
    if (!fs::exists(program)) fs::copy_file(program_directory() / name, program);
    return program;
}

}  // namespace larder::test
