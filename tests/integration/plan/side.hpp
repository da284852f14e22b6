#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/http.hpp"
#include "support/process.hpp"

namespace larder::test {

/// A process beside the shared stack, under the account of the stack and with its addresses: it
/// belongs to the same host. Killed by the destructor if it still runs.
class StackProcess {
public:
    /// What it prints goes to `log`. `listener` becomes its standard input; -1: it has none.
    StackProcess(const std::vector<std::string>& command, const Environment& changes,
                 const std::filesystem::path& log, int listener = -1);
    ~StackProcess();
    StackProcess(const StackProcess&) = delete;
    StackProcess& operator=(const StackProcess&) = delete;

    /// Waits for its end. Its exit status; 128 + signal if one ended it.
    int wait();
    /// Sends a signal first.
    int stop(int signal);

private:
    int pid_ = -1;
};

/// A worker of one directory of descriptions, and an nginx that is rendered for it, on the host of
/// the shared stack: a rolling change has two of them. Fails the test case if it does not start.
class Side {
public:
    /// The descriptions are copied. `changes` are to the environment of the worker.
    explicit Side(const std::filesystem::path& descriptions, const Environment& changes = {});
    ~Side();
    Side(const Side&) = delete;
    Side& operator=(const Side&) = delete;

    [[nodiscard]] const Client& client() const { return *client_; }
    /// The copy of the descriptions.
    [[nodiscard]] std::filesystem::path descriptions() const { return directory_ / "resources"; }
    /// Fails the test case unless both processes end in order.
    void stop();

private:
    void render(int port) const;

    std::filesystem::path directory_;
    int listener_ = -1;
    std::unique_ptr<StackProcess> worker_;
    std::unique_ptr<StackProcess> nginx_;
    std::unique_ptr<Client> client_;
};

/// The program of that name where the account of the stack can run it.
std::filesystem::path program_of_stack(const std::string& name);

}  // namespace larder::test
