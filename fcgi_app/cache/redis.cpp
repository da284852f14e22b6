#include "cache/redis.hpp"

#include <fmt/format.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/time.h>

#include <algorithm>
#include <ctime>

#include "cache/seam.hpp"
#include "number.hpp"

namespace larder {

namespace {

RedisReply converted(const redisReply& raw) {
    RedisReply reply;
    switch (raw.type) {
        case REDIS_REPLY_INTEGER:
            reply.type = RedisReply::Type::integer;
            reply.integer = raw.integer;
            break;
        case REDIS_REPLY_STRING:
        case REDIS_REPLY_STATUS:
            reply.type = RedisReply::Type::text;
            reply.text.assign(raw.str, static_cast<std::size_t>(raw.len));
            break;
        case REDIS_REPLY_ARRAY:
            reply.type = RedisReply::Type::list;
            reply.list.reserve(raw.elements);
            for (std::size_t i = 0; i < raw.elements; ++i) {
                reply.list.push_back(converted(*raw.element[i]));
            }
            break;
        default: break;
    }
    return reply;
}

constexpr std::int64_t idle_ms = 1000;

/// Costs no system call, and a step of some milliseconds.
std::int64_t coarse_now() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

timeval to_timeval(std::chrono::milliseconds time) {
    return {.tv_sec = time.count() / 1000, .tv_usec = (time.count() % 1000) * 1000};
}

/// A value in what INFO answers: lines of `name:value`.
std::string_view info_value(std::string_view info, std::string_view name) {
    const auto start = info.find(fmt::format("\n{}:", name));
    if (start == info.npos) return {};
    info.remove_prefix(start + name.size() + 2);
    return info.substr(0, info.find('\r'));
}

}  // namespace

void RedisConnection::Free::operator()(redisContext* context) const { redisFree(context); }

RedisConnection::RedisConnection(RedisAddress address, std::chrono::milliseconds timeout)
    : address_(std::move(address)), timeout_(timeout) {}

RedisConnection::~RedisConnection() = default;

void RedisConnection::close() {
    context_.reset();
    unread_ = 0;
    script_missing_ = false;  // loading the scripts would need the connection
}

bool RedisConnection::fail(std::string why) {
    error_ = std::move(why);
    close();
    return false;
}

bool RedisConnection::fail_as_told() { return fail(std::string(std::data(context_->errstr))); }

std::optional<std::string> RedisConnection::open() {
    if (!address_.sentinels.empty() && !find_master()) return std::nullopt;
    if (!connect() || !authenticate()) return std::nullopt;
    const auto info = command({"INFO"});
    if (!info) return std::nullopt;
    // A replica lags behind its master; after a failover the former master is one.
    if (info_value(info->text, "role") != "master") {
        fail("this Redis is a replica");
        return std::nullopt;
    }
    const auto run_id = info_value(info->text, "run_id");
    const auto replid = info_value(info->text, "master_replid");
    if (run_id.empty() || replid.empty()) {
        fail("INFO does not tell run_id and master_replid, so a restart would not be noticed");
        return std::nullopt;
    }
    return fmt::format("{} {}", run_id, replid);
}

bool RedisConnection::was_closed_while_idle() const {
    if (!is_open() || coarse_now() - used_at_ < idle_ms) return false;
    pollfd connection{.fd = context_->fd, .events = POLLIN | POLLRDHUP, .revents = 0};
    if (poll(&connection, 1, 0) <= 0) return false;
    const bool is_hung_up = (connection.revents & ~POLLIN) != 0;
    return is_hung_up || unread_ == 0;  // what was not asked for would be taken for an answer
}

bool RedisConnection::connect() {
    close();
    if (RedisSeam::refuses_connection()) return fail("injected: the connection is refused");
    const timeval timeout = to_timeval(timeout_);
    context_.reset(address_.socket.empty()
                       ? redisConnectWithTimeout(address_.host.c_str(), address_.port, timeout)
                       : redisConnectUnixWithTimeout(address_.socket.c_str(), timeout));
    if (context_ == nullptr) return fail("out of memory");
    if (context_->err != 0 || redisSetTimeout(context_.get(), timeout) != REDIS_OK) {
        return fail_as_told();
    }
    return true;
}

bool RedisConnection::find_master() {
    auto& sentinels = address_.sentinels;
    for (std::size_t tries = sentinels.size(); tries > 0; --tries) {
        RedisAddress where;
        where.host = sentinels.front().host;
        where.port = sentinels.front().port;
        RedisConnection sentinel(std::move(where), timeout_);
        if (sentinel.connect()) {
            const auto master =
                sentinel.command({"SENTINEL", "get-master-addr-by-name", address_.master});
            if (master && master->list.size() == 2) {
                address_.host = master->list[0].text;
                address_.port = to_number<int>(master->list[1].text).value_or(0);
                return true;
            }
        }
        error_ = sentinel.error().empty()
                     ? fmt::format("the sentinel knows no '{}'", address_.master)
                     : sentinel.error();
        std::ranges::rotate(sentinels, sentinels.begin() + 1);
    }
    return false;
}

bool RedisConnection::authenticate() {
    if (!address_.password.empty()) {
        RedisCommand login = {"AUTH", address_.password};
        if (!address_.user.empty()) login.insert(login.begin() + 1, address_.user);
        if (!command(login)) return false;
    }
    return address_.database == 0 || command({"SELECT", std::to_string(address_.database)});
}

bool RedisConnection::append(const RedisCommand& command) {
    if (!is_open()) return fail("not connected");
    std::vector<const char*> arguments;
    std::vector<std::size_t> lengths;
    arguments.reserve(command.size());
    lengths.reserve(command.size());
    for (const std::string& argument : command) {
        arguments.push_back(argument.data());
        lengths.push_back(argument.size());
    }
    if (redisAppendCommandArgv(context_.get(), static_cast<int>(command.size()), arguments.data(),
                               lengths.data()) != REDIS_OK) {
        return fail_as_told();
    }
    return true;
}

bool RedisConnection::append_all(const RedisSeam& seam) {
    if (seam.forgets_scripts()) {
        if (!append({"SCRIPT", "FLUSH"})) return false;
        ++unread_;
    }
    for (const RedisCommand& command : seam.commands()) {
        if (!append(command)) return false;
    }
    if (is_open()) seam.sending(*context_);
    used_at_ = coarse_now();
    return true;
}

std::optional<RedisReply> RedisConnection::receive() {
    void* raw = nullptr;
    if (redisGetReply(context_.get(), &raw) != REDIS_OK || raw == nullptr) {
        fail_as_told();
        return std::nullopt;
    }
    const std::unique_ptr<void, decltype(&freeReplyObject)> owner(raw, freeReplyObject);
    const auto& reply = *static_cast<const redisReply*>(raw);
    if (reply.type == REDIS_REPLY_ERROR) {
        std::string why(reply.str, static_cast<std::size_t>(reply.len));
        if (!why.starts_with("NOSCRIPT")) {
            fail(std::move(why));
        } else {
            error_ = std::move(why);
            script_missing_ = true;
        }
        return std::nullopt;
    }
    return converted(reply);
}

std::optional<std::vector<RedisReply>> RedisConnection::pipeline(
    std::span<const RedisCommand> commands) {
    script_missing_ = false;
    const RedisSeam seam(commands);
    if (!append_all(seam)) return std::nullopt;
    std::vector<RedisReply> replies;
    replies.reserve(commands.size());
    bool complete = true;
    while (unread_ > 0) {  // 0 as well once the connection is lost
        --unread_;
        const auto late = receive();
        if (!late) complete = false;
        if (late && late_) late_(*late);
    }
    for (std::size_t i = 0; i < commands.size() && is_open(); ++i) {
        if (auto reply = receive()) {
            replies.push_back(std::move(*reply));
        } else {
            complete = false;  // after NOSCRIPT the other replies have still to be read
        }
    }
    if (seam.loses_reply()) fail("injected: the reply is lost");
    if (!complete || !is_open()) return std::nullopt;
    return replies;
}

bool RedisConnection::send(std::span<const RedisCommand> commands) {
    const RedisSeam seam(commands);
    if (!append_all(seam)) return false;
    unread_ += commands.size();
    for (int done = 0; done == 0;) {
        if (redisBufferWrite(context_.get(), &done) != REDIS_OK) return fail_as_told();
    }
    if (seam.loses_reply()) shutdown(context_->fd, SHUT_RDWR);
    return true;
}

std::optional<RedisReply> RedisConnection::command(const RedisCommand& command) {
    auto replies = pipeline({&command, 1});
    if (!replies) return std::nullopt;
    return std::move(replies->front());
}

}  // namespace larder
