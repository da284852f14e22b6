#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cache/redis_address.hpp"

struct redisContext;

namespace larder {

class RedisSeam;

/// A reply of Redis, as far as Larder needs one: nil, an integer, text, or a list of those.
struct RedisReply {
    enum class Type { nil, integer, text, list };
    Type type = Type::nil;
    std::int64_t integer = 0;
    std::string text;
    std::vector<RedisReply> list;
};

using RedisCommand = std::vector<std::string>;

/// One connection to Redis, for one thread. Connects when first used. A failure of any kind (no
/// answer within the time-out, a lost connection, an error reply such as LOADING or READONLY) ends
/// the connection, for one that timed out must never be used again; `open` connects anew. What
/// answers may be anything: no reply ends the process, and one that Redis would not give is a
/// failure (of this class, or by `fail` of its user, who knows what was asked).
class RedisConnection {
public:
    RedisConnection(RedisAddress address, std::chrono::milliseconds timeout);
    ~RedisConnection();
    RedisConnection(const RedisConnection&) = delete;
    RedisConnection& operator=(const RedisConnection&) = delete;

    bool is_open() const { return context_ != nullptr; }

    /// Connects, and gives what the Redis found is known by: `run_id master_replid`. The first is
    /// new with each start, the second with each time that a replica becomes the master, so the
    /// same two mean that nothing was lost meanwhile. Nothing: out of reach, a replica, or a Redis
    /// that does not tell both. Where the address names sentinels, the one that answered last is
    /// asked first, and each that does not answer costs one time-out (protocol: Redis, "Sentinel
    /// clients").
    std::optional<std::string> open();
    void close();

    /// Whether a connection that was not used for a second is closed by now; never waits. One that
    /// was used is not looked at, so that a busy one costs no system call.
    bool was_closed_while_idle() const;

    /// Ends the connection, because of `why`; for a caller that cannot use a reply, too. False.
    bool fail(std::string why);

    /// Sends the commands in one write, and gives a reply for each; nothing: a failure. Arguments
    /// go by length, so they may hold any bytes. An error reply is a failure, but for NOSCRIPT,
    /// which `script_missing` tells of. Without a connection every call fails; none connects
    /// by itself.
    std::optional<std::vector<RedisReply>> pipeline(std::span<const RedisCommand> commands);
    std::optional<RedisReply> command(const RedisCommand& command);

    /// Sends the commands and does not wait: Redis carries them out before whatever anybody sends
    /// later, and their replies are read with the next pipeline, which fails where one of them is
    /// an error. False: a failure.
    bool send(std::span<const RedisCommand> commands);

    /// Who is to see the replies that `send` has not waited for.
    void on_late_reply(std::function<void(const RedisReply&)> take) { late_ = std::move(take); }

    bool script_missing() const { return script_missing_; }

    /// What went wrong last, for the log.
    const std::string& error() const { return error_; }

private:
    struct Free {
        void operator()(redisContext* context) const;
    };

    bool connect();
    bool fail_as_told();  // with what hiredis says
    bool authenticate();
    bool find_master();
    bool append(const RedisCommand& command);
    bool append_all(const RedisSeam& seam);
    std::optional<RedisReply> receive();

    RedisAddress address_;
    std::chrono::milliseconds timeout_;
    std::unique_ptr<redisContext, Free> context_;
    std::int64_t used_at_ = 0;  // ms of a coarse clock
    std::size_t unread_ = 0;    // replies to what `send` has sent
    std::function<void(const RedisReply&)> late_;
    bool script_missing_ = false;
    std::string error_;
};

}  // namespace larder
