#include "feed/copy_data.hpp"

#include "feed/bytes.hpp"

namespace larder::copy_data {

namespace {

void append(std::string& out, std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}

}  // namespace

std::expected<std::variant<LogData, Keepalive>, std::string> parse(std::string_view bytes) {
    ByteReader reader(bytes);
    const char kind = reader.character();
    if (kind == 'w') {
        LogData data;
        data.start = reader.integer<pgoutput::Lsn>();
        data.end = reader.integer<pgoutput::Lsn>();
        data.sent_at = reader.integer<pgoutput::Timestamp>();
        data.payload = reader.rest();
        if (reader.is_good()) return data;
    } else if (kind == 'k') {
        Keepalive keepalive;
        keepalive.end = reader.integer<pgoutput::Lsn>();
        reader.integer<pgoutput::Timestamp>();
        keepalive.wants_reply = reader.integer<std::uint8_t>() != 0;
        if (reader.is_good() && reader.left() == 0) return keepalive;
    }
    return std::unexpected("a malformed message in the replication stream");
}

std::string status_update(pgoutput::Lsn handled, pgoutput::Timestamp now, bool wants_reply) {
    std::string out = "r";
    for (int i = 0; i < 3; ++i) append(out, handled);  // written, flushed, applied
    append(out, static_cast<std::uint64_t>(now));
    out += wants_reply ? '\1' : '\0';
    return out;
}

}  // namespace larder::copy_data
