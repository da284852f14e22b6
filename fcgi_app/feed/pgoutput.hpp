#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The messages of PostgreSQL's output plugin pgoutput, protocol version 1 (PostgreSQL manual,
/// "Logical Replication Message Formats"). In this version a transaction is delivered as a whole
/// after its commit, in the order of commits. Pure; texts are views of the parsed bytes.
namespace larder::pgoutput {

using Lsn = std::uint64_t;
using Timestamp = std::int64_t;  ///< microseconds since 2000-01-01 00:00 UTC

struct Begin {
    Lsn final_lsn = 0;
    Timestamp commit_time = 0;
    std::uint32_t xid = 0;
};

struct Commit {
    Lsn commit_lsn = 0;
    Lsn end_lsn = 0;
    Timestamp commit_time = 0;
};

struct Origin {
    Lsn lsn = 0;
    std::string_view name;
};

struct Type {
    std::uint32_t id = 0;
    std::string_view schema;  ///< empty: pg_catalog
    std::string_view name;
};

struct Column {
    bool is_key = false;
    std::string_view name;
    std::uint32_t type = 0;
    std::int32_t modifier = 0;
};

/// Describes a table; comes before its first row, and again after it was changed.
struct Relation {
    std::uint32_t id = 0;
    std::string_view schema;
    std::string_view name;
    char replica_identity = 'd';
    std::vector<Column> columns;
};

struct Value {
    enum class Kind {
        null,
        unchanged,  ///< stored out of line and not touched, so it was not sent
        text,
    };
    Kind kind = Kind::null;
    std::string_view text;
};

using Tuple = std::vector<Value>;

/// A row before its change: all of it (REPLICA IDENTITY FULL), or only the columns of its key.
struct OldTuple {
    bool is_full = false;
    Tuple values;
};

struct Insert {
    std::uint32_t relation = 0;
    Tuple row;
};

/// `old` is missing where the key did not change and the identity is not FULL.
struct Update {
    std::uint32_t relation = 0;
    std::optional<OldTuple> old;
    Tuple row;
};

struct Delete {
    std::uint32_t relation = 0;
    OldTuple old;
};

struct Truncate {
    bool is_cascade = false;
    bool restarts_identity = false;
    std::vector<std::uint32_t> relations;
};

/// What pg_logical_emit_message wrote.
struct Message {
    bool is_transactional = false;
    Lsn lsn = 0;
    std::string_view prefix;
    std::string_view content;
};

using Event =
    std::variant<Begin, Commit, Origin, Type, Relation, Insert, Update, Delete, Truncate, Message>;

/// Fails with what is wrong with the bytes: cut off, too long, or of no known kind.
std::expected<Event, std::string> parse(std::string_view bytes);

}  // namespace larder::pgoutput
