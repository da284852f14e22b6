#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "database.hpp"
#include "death_watch.hpp"
#include "http.hpp"
#include "process.hpp"

namespace larder::test {

/// A whole server of its own, nginx, workers, PostgreSQL and Redis, in a temporary directory and on
/// a free port, started by the scripts that people use. It is stopped and removed by the
/// destructor, and also when the test process dies in any way: a small keeper process sees to that.
/// Throws std::runtime_error, with what the script printed, when the stack does not come up.
/// A process of it that ends unasked makes the test program fail, whatever else the program says
/// (DeathWatch); tests end processes with the functions below, which count as asking.
/// Any thread may read; starting and stopping is for one thread at a time.
class Stack {
public:
    /// `environment`: settings of the stack; it has none of the caller's.
    explicit Stack(Environment environment = {});
    ~Stack();
    Stack(const Stack&) = delete;
    Stack& operator=(const Stack&) = delete;

    /// Starts what is not running; throws if that fails. Harmless when all is running.
    void up();
    /// Stops every part; the data stays.
    void down();

    /// What `scripts/stack status` says now, by key.
    [[nodiscard]] std::map<std::string, std::string> status() const;
    /// The processes of a part, as status names them: postgresql, redis, worker_supervisor, worker,
    /// feed, nginx. Empty when the part is not running.
    [[nodiscard]] std::vector<int> pids(const std::string& part) const;
    /// Sends a signal to every process of a part.
    void signal(const std::string& part, int signal) const;
    /// Sends a signal to every process of a part, and returns when these are gone.
    void stop(const std::string& part, int signal) const;
    /// Sends a signal to one process of the stack. Tests never use ::kill for a signal that ends
    /// it.
    void kill(int pid, int signal) const;

    /// What has ended unasked since the last call, one line for each; what is returned here no
    /// longer fails the program.
    [[nodiscard]] std::vector<std::string> take_unasked_deaths() const;
    /// Names the test case that runs now in what is said of a death.
    void set_context(std::string context) const { deaths_->set_context(std::move(context)); }

    [[nodiscard]] const Client& client() const { return client_; }
    [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
    [[nodiscard]] Database database() const { return Database(database_url_); }
    [[nodiscard]] Redis redis() const { return Redis(redis_socket_); }

    /// Runs `scripts/stack` with these arguments on this stack, with `changes` to its environment.
    [[nodiscard]] Finished script(std::vector<std::string> arguments,
                                  Environment changes = {}) const;

private:
    void start_keeper();
    void dismiss_keeper();
    void check_for_deaths() const;
    [[nodiscard]] std::vector<std::string> parts_ended_by(const std::string& command,
                                                          const Environment& changes) const;

    std::filesystem::path directory_;
    Environment environment_;
    Client client_;
    std::string database_url_;
    std::string redis_socket_;
    std::unique_ptr<DeathWatch> deaths_;
    int keeper_ = -1;  // write end of the keeper's standard input
};

/// Whether a process exists and is not a zombie.
bool is_alive(int pid);

/// A TCP port of 127.0.0.1 that nobody listens on, outside the range that the system gives to
/// outgoing connections.
int free_port();

/// The root of the project and the directory of its programs, as CMake configured them.
std::filesystem::path source_directory();
std::filesystem::path program_directory();

}  // namespace larder::test
