#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "raw_socket.hpp"

namespace larder::test {

/// What rude clients do it to.
struct RudeTargets {
    Address nginx;
    Address workers;  ///< the FastCGI socket; a path and host that are empty: leave it alone
    std::vector<std::string>
        records;                     ///< paths of products, whose `stock_quantity` they may change
    std::vector<std::string> lists;  ///< paths of lists, best long ones
};

struct RudeOptions {
    unsigned clients = 32;
    unsigned idle = 0;  ///< connections that are opened, kept and never used
    std::uint64_t seed = 1;
    std::vector<std::string> acts;  ///< names of rude_acts(); none: all
};

/// Names of all that a rude client does: each is one connection or a few, begun and given up.
std::vector<std::string> rude_acts();

/// Clients that hang up at every point, fall silent, send what is no HTTP or no FastCGI, or read
/// slowly, until they are stopped. What each of them sends follows from the seed; when, from the
/// machine. Server errors mean nothing to them. But an answer that they get to a proper request has
/// to belong to it; see `wrong_answers`.
class RudeClients {
public:
    RudeClients(RudeTargets targets, RudeOptions options);
    ~RudeClients() { stop(); }
    RudeClients(const RudeClients&) = delete;
    RudeClients& operator=(const RudeClients&) = delete;

    /// Returns when all of their connections are closed.
    void stop();

    /// How often each act was done.
    [[nodiscard]] std::map<std::string, unsigned long> counts() const;
    /// Answers that belong to another request than the one they came for.
    [[nodiscard]] std::vector<std::string> wrong_answers() const;

private:
    void run(const std::stop_token& stop, std::uint64_t seed);

    const RudeTargets targets_;
    const RudeOptions options_;
    mutable std::mutex mutex_;
    std::map<std::string, unsigned long> counts_;
    std::vector<std::string> wrong_answers_;
    std::vector<RawSocket> idle_;
    std::vector<std::jthread> threads_;
};

/// Lets this process have as many descriptors as the system allows.
void raise_descriptor_limit();

}  // namespace larder::test
