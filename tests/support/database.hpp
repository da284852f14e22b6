#pragma once

#include <memory>
#include <string>
#include <vector>

struct pg_conn;
struct redisContext;

namespace larder::test {

/// A session of its own with a PostgreSQL server, for tests to look and write past the workers.
/// For one thread at a time. Throws std::runtime_error when the server refuses or is away.
class Database {
public:
    using Row = std::vector<std::string>;

    /// `url` as `scripts/stack status` prints it.
    explicit Database(const std::string& url);

    /// Runs one statement with `parameters` for $1, $2 … NULL is read as "".
    std::vector<Row> query(const std::string& statement,
                           const std::vector<std::string>& parameters = {});

    /// The only value of the first row.
    std::string value(const std::string& statement,
                      const std::vector<std::string>& parameters = {});

private:
    struct Close {
        void operator()(pg_conn* connection) const;
    };
    std::unique_ptr<pg_conn, Close> connection_;
};

/// A connection of its own with a Redis server. For one thread at a time. Throws
/// std::runtime_error when the server is away or answers with an error.
class Redis {
public:
    /// `socket`: path of the server's Unix socket.
    explicit Redis(const std::string& socket);

    /// Integers are given as text, nil as "", the elements of an array joined with newlines.
    std::string command(const std::vector<std::string>& arguments);

private:
    struct Close {
        void operator()(redisContext* context) const;
    };
    std::unique_ptr<redisContext, Close> context_;
};

}  // namespace larder::test
