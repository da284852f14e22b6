#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "support/http.hpp"

namespace larder::test {

enum class Manners { all, write_only };

/// Clients that keep to the rules while others do not, and check every answer: each has a product
/// whose description it alone writes, reads those of the others, and creates, lists and deletes.
/// 503 with Retry-After is an answer; one that is missing, wrong or somebody else's is a fault.
class PoliteClients {
public:
    /// `client` must outlive this. Creates a product for each.
    PoliteClients(const Client& client, std::size_t count, Manners manners = Manners::all);
    ~PoliteClients() { (void)stop(); }
    PoliteClients(const PoliteClients&) = delete;
    PoliteClients& operator=(const PoliteClients&) = delete;

    /// Paths of their products.
    [[nodiscard]] const std::vector<std::string>& paths() const { return paths_; }
    /// Answers other than 503 until now.
    [[nodiscard]] long answered() const { return answered_; }
    [[nodiscard]] long refused() const { return refused_; }

    /// Ends them; what was wrong, at most a few lines for each.
    std::vector<std::string> stop();

private:
    class One;

    const Client& client_;
    const Manners manners_;
    std::vector<std::string> paths_;
    std::atomic<bool> stopped_ = false;
    std::atomic<long> answered_ = 0;
    std::atomic<long> refused_ = 0;
    std::vector<std::vector<std::string>> faults_;
    std::vector<std::thread> threads_;
};

}  // namespace larder::test
