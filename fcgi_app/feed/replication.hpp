#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct pg_conn;
struct pg_result;

namespace larder {

/// One replication connection to PostgreSQL with a temporary slot, which vanishes with it. The only
/// user of libpq. For one thread. Failures are messages for the operator; after one, the object is
/// of no more use. Nothing waits but `open`, and that for the connection time-out at most.
class Replication {
public:
    template <class T>
    using Result = std::expected<T, std::string>;

    Replication() = default;

    /// Connects; `url` is a libpq URL or keyword string.
    Result<void> open(const std::string& url);

    /// Readable when there is something to read.
    int socket() const;

    /// Asks for a slot. It is there once every transaction that writes now has ended, which may
    /// take long; `has_slot` tells, to be asked when the socket is readable.
    Result<void> request_slot();
    Result<bool> has_slot();

    /// Starts the stream of what is committed from now on.
    Result<void> start(std::string_view publication);

    /// Takes what has arrived.
    Result<void> consume();

    /// The next message that has arrived, or nothing; valid until the next call.
    Result<std::optional<std::string_view>> next();

    Result<void> send(std::string_view message);

private:
    struct Close {
        void operator()(pg_conn* connection) const;
    };
    struct Clear {
        void operator()(pg_result* result) const;
    };
    struct FreeMemory {
        void operator()(char* memory) const;
    };

    std::unexpected<std::string> failure() const;
    std::unexpected<std::string> refusal() const;  // of a connection

    std::unique_ptr<pg_conn, Close> connection_;
    std::unique_ptr<char, FreeMemory> message_;
    std::string slot_;
};

}  // namespace larder
