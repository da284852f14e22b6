#pragma once

#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace larder::test {

/// Notices every process of a stack that ends although no test has asked for it. The supervisors
/// start a worker again at once, so without this a crash would cost a test nothing. It follows
/// PostgreSQL, Redis, nginx, the supervisors and what they supervise, by pidfd; a supervisor's log
/// tells of a child that lived too briefly to be seen. Where the kernel tells how a process ended
/// (Linux 6.15), a crash counts even if an end was asked for. Any thread may call.
class DeathWatch {
public:
    /// `stack`: the directory that scripts/stack calls STACK.
    explicit DeathWatch(std::filesystem::path stack);
    ~DeathWatch();
    DeathWatch(const DeathWatch&) = delete;
    DeathWatch& operator=(const DeathWatch&) = delete;

    /// To be called before this signal is sent to the process.
    void expect(int pid, int signal);

    /// As long as this lives, the processes of these parts may end.
    class Asked {
    public:
        Asked(DeathWatch& watch, std::vector<std::string> parts);
        ~Asked();
        Asked(const Asked&) = delete;
        Asked& operator=(const Asked&) = delete;

    private:
        DeathWatch& watch_;
        std::vector<std::string> parts_;
    };

    /// What no test asked for, one line for each end. The next call returns only what is new.
    std::vector<std::string> take_unasked();

    /// What runs now, to be named with an end that is noticed meanwhile: the test case.
    void set_context(std::string context);

private:
    struct Process {
        std::string part;
        int descriptor;
        bool supervised;
    };
    struct Log {
        std::size_t respawns = 0;  // lines of the supervisor, which are as many as children ended
        std::size_t crashes = 0;   // lines of nginx and PostgreSQL on processes of their own
    };

    void run(const std::stop_token& stop);
    // All of these with mutex_ held.
    void look_for_processes();
    void follow(int pid, const std::string& part, bool supervised);
    void look_for_ends();
    void judge(int pid, const Process& process);
    [[nodiscard]] std::vector<std::string> unseen_ends();

    std::filesystem::path stack_;
    std::mutex mutex_;
    std::condition_variable_any woken_;
    std::map<int, Process> processes_;
    std::map<int, int> expected_;              // signal by process id
    std::map<std::string, unsigned> asked_;    // scopes by part
    std::map<std::string, std::size_t> seen_;  // ends of supervised processes that have a successor
    std::map<std::string, Log> told_;
    std::vector<std::string> unasked_;
    std::string context_;
    std::jthread thread_;
};

}  // namespace larder::test
