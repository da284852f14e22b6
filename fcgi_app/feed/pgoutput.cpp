#include "feed/pgoutput.hpp"

#include <fmt/format.h>

#include "feed/bytes.hpp"

namespace larder::pgoutput {

namespace {

Begin read_begin(ByteReader& reader) {
    Begin begin;
    begin.final_lsn = reader.integer<Lsn>();
    begin.commit_time = reader.integer<Timestamp>();
    begin.xid = reader.integer<std::uint32_t>();
    return begin;
}

Commit read_commit(ByteReader& reader) {
    Commit commit;
    reader.character();  // flags, of which there are none yet
    commit.commit_lsn = reader.integer<Lsn>();
    commit.end_lsn = reader.integer<Lsn>();
    commit.commit_time = reader.integer<Timestamp>();
    return commit;
}

Origin read_origin(ByteReader& reader) {
    Origin origin;
    origin.lsn = reader.integer<Lsn>();
    origin.name = reader.text();
    return origin;
}

Type read_type(ByteReader& reader) {
    Type type;
    type.id = reader.integer<std::uint32_t>();
    type.schema = reader.text();
    type.name = reader.text();
    return type;
}

Relation read_relation(ByteReader& reader) {
    Relation relation;
    relation.id = reader.integer<std::uint32_t>();
    relation.schema = reader.text();
    relation.name = reader.text();
    relation.replica_identity = reader.character();
    const auto count = reader.integer<std::uint16_t>();
    for (unsigned i = 0; i < count && reader.is_good(); ++i) {
        Column& column = relation.columns.emplace_back();
        column.is_key = (reader.integer<std::uint8_t>() & 1U) != 0;
        column.name = reader.text();
        column.type = reader.integer<std::uint32_t>();
        column.modifier = reader.integer<std::int32_t>();
    }
    return relation;
}

Value read_value(ByteReader& reader) {
    switch (reader.character()) {
        case 'n': return {};
        case 'u': return {.kind = Value::Kind::unchanged, .text = {}};
        case 't':
            return {.kind = Value::Kind::text,
                    .text = reader.bytes(reader.integer<std::uint32_t>())};
        default: reader.fail();
    }
    return {};
}

Tuple read_tuple(ByteReader& reader) {
    Tuple tuple;
    const auto count = reader.integer<std::uint16_t>();
    for (unsigned i = 0; i < count && reader.is_good(); ++i) tuple.push_back(read_value(reader));
    return tuple;
}

/// What the byte in front of a tuple says it is.
void expect(ByteReader& reader, char kind) {
    if (reader.character() != kind) reader.fail();
}

Insert read_insert(ByteReader& reader) {
    Insert insert;
    insert.relation = reader.integer<std::uint32_t>();
    expect(reader, 'N');
    insert.row = read_tuple(reader);
    return insert;
}

Update read_update(ByteReader& reader) {
    Update update;
    update.relation = reader.integer<std::uint32_t>();
    const char kind = reader.character();
    if (kind == 'K' || kind == 'O') {
        update.old = OldTuple{.is_full = kind == 'O', .values = read_tuple(reader)};
        expect(reader, 'N');
    } else if (kind != 'N') {
        reader.fail();
    }
    update.row = read_tuple(reader);
    return update;
}

Delete read_delete(ByteReader& reader) {
    Delete removal;
    removal.relation = reader.integer<std::uint32_t>();
    const char kind = reader.character();
    if (kind != 'K' && kind != 'O') reader.fail();
    removal.old.is_full = kind == 'O';
    removal.old.values = read_tuple(reader);
    return removal;
}

Truncate read_truncate(ByteReader& reader) {
    Truncate truncate;
    const auto count = reader.integer<std::uint32_t>();
    const auto options = reader.integer<std::uint8_t>();
    truncate.is_cascade = (options & 1U) != 0;
    truncate.restarts_identity = (options & 2U) != 0;
    for (std::uint32_t i = 0; i < count && reader.is_good(); ++i) {
        truncate.relations.push_back(reader.integer<std::uint32_t>());
    }
    return truncate;
}

Message read_message(ByteReader& reader) {
    Message message;
    message.is_transactional = (reader.integer<std::uint8_t>() & 1U) != 0;
    message.lsn = reader.integer<Lsn>();
    message.prefix = reader.text();
    message.content = reader.bytes(reader.integer<std::uint32_t>());
    return message;
}

std::optional<Event> read_event(char kind, ByteReader& reader) {
    switch (kind) {
        case 'B': return read_begin(reader);
        case 'C': return read_commit(reader);
        case 'O': return read_origin(reader);
        case 'Y': return read_type(reader);
        case 'R': return read_relation(reader);
        case 'I': return read_insert(reader);
        case 'U': return read_update(reader);
        case 'D': return read_delete(reader);
        case 'T': return read_truncate(reader);
        case 'M': return read_message(reader);
        default: return std::nullopt;
    }
}

}  // namespace

std::expected<Event, std::string> parse(std::string_view bytes) {
    ByteReader reader(bytes);
    const char kind = reader.character();
    auto event = read_event(kind, reader);
    if (!event) {
        return std::unexpected(fmt::format("a pgoutput message of unknown kind {:#04x}",
                                           static_cast<unsigned char>(kind)));
    }
    if (!reader.is_good() || reader.left() != 0) {
        return std::unexpected(fmt::format("a malformed pgoutput message of kind {}", kind));
    }
    return std::move(*event);
}

}  // namespace larder::pgoutput
