#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>

#include "feed/pgoutput.hpp"

/// The envelopes of PostgreSQL's streaming replication protocol (manual, "Streaming Replication
/// Protocol"). Pure; texts are views of the parsed bytes.
namespace larder::copy_data {

/// A piece of the log: one pgoutput message.
struct LogData {
    pgoutput::Lsn start = 0;
    pgoutput::Lsn end = 0;
    pgoutput::Timestamp sent_at = 0;  ///< by the clock that commit times come from
    std::string_view payload;
};

struct Keepalive {
    pgoutput::Lsn end = 0;  ///< everything up to here was sent, as far as it concerns this client
    bool wants_reply = false;
};

std::expected<std::variant<LogData, Keepalive>, std::string> parse(std::string_view bytes);

/// Tells the server that everything up to `handled` was handled, and may ask it for a keepalive.
std::string status_update(pgoutput::Lsn handled, pgoutput::Timestamp now, bool wants_reply);

}  // namespace larder::copy_data
