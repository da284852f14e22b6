#pragma once

#include <hiredis/hiredis.h>
#include <sys/socket.h>

#include <span>
#include <string>
#include <vector>

#include "cache/redis.hpp"
#include "fault.hpp"

namespace larder {

/// Where a test makes calls to Redis fail (fault.hpp). For cache/redis.cpp only.
class RedisSeam {
public:
    explicit RedisSeam(std::span<const RedisCommand> commands) : commands_(commands) {
        if constexpr (has_faults) begin();
    }

    /// What is sent.
    std::span<const RedisCommand> commands() const { return commands_; }

    /// Whether SCRIPT FLUSH goes before it, with a reply of its own.
    bool forgets_scripts() const { return fault_ == Fault::scripts; }

    /// To be called before it is sent.
    void sending(const redisContext& context) const {
        if (fault_ == Fault::before) shutdown(context.fd, SHUT_RDWR);
    }

    /// Whether the connection breaks once Redis has done it.
    bool loses_reply() const { return fault_ == Fault::after; }

    /// Whether a new connection is refused.
    static bool refuses_connection() {
        return has_faults && next_fault(Seam::redis, "connect") != Fault::none;
    }

private:
    void begin() {
        const RedisCommand& first = commands_.front();
        const bool is_script = first.front() == "EVALSHA";
        fault_ = next_fault(Seam::redis, is_script ? "EVALSHA " + first.at(1) : first.front());
        if (fault_ != Fault::refused) return;
        refused_.assign(commands_.size(), {"LARDER.REFUSED"});
        commands_ = refused_;
    }

    std::span<const RedisCommand> commands_;
    std::vector<RedisCommand> refused_;
    Fault fault_ = Fault::none;
};

}  // namespace larder
