#pragma once

#include <filesystem>
#include <string>

#include "support/http.hpp"
#include "support/stack.hpp"

namespace larder::test {

/// An nginx in front of a stack, as an operator may have one, on a free port of 127.0.0.1. It is
/// killed by the destructor, and also when the test process dies. For one thread, which must
/// outlive it. Throws std::runtime_error when it does not come up.
class OuterNginx {
public:
    /// `locations`: what its `server` has besides `listen`.
    explicit OuterNginx(const std::string& locations);
    ~OuterNginx();
    OuterNginx(const OuterNginx&) = delete;
    OuterNginx& operator=(const OuterNginx&) = delete;

    [[nodiscard]] const Client& client() const { return client_; }

private:
    void start(const std::string& locations);

    int port_;
    Client client_;
    std::filesystem::path directory_;
    int pid_ = -1;
};

/// Has the nginx of a stack take the address of a client from a server in front on this host
/// (X-Forwarded-For), as an operator says it in its configuration. Returns before nginx has loaded
/// it. The next reload by scripts/stack takes it back.
void have_clients_named(const Stack& stack);

}  // namespace larder::test
