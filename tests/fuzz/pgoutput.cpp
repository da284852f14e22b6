#include "feed/pgoutput.hpp"
#include "catalog/catalog.hpp"

#include <string>
#include <vector>

#include "feed/copy_data.hpp"
#include "feed/follower.hpp"
#include "fuzz/input.hpp"
#include "fuzz/target.hpp"

using namespace larder;

namespace {

constexpr std::size_t key_limit = 64;

/// The length of a message follows from what is in it: cut off or longer it is another.
void check_message(std::string_view bytes) {
    const auto event = pgoutput::parse(bytes);
    if (!event) {
        MUST(!event.error().empty());
        return;
    }
    MUST(!pgoutput::parse(bytes.substr(0, bytes.size() - 1)));
    MUST(!pgoutput::parse(std::string(bytes) + 'x'));
}

void check_envelope(std::string_view bytes) {
    constexpr std::size_t head = 25;
    const auto message = copy_data::parse(bytes);
    if (!message) return;
    if (const auto* data = std::get_if<copy_data::LogData>(&*message)) {
        MUST(data->payload == bytes.substr(head));
        check_message(data->payload);
    } else {
        MUST(!copy_data::parse(bytes.substr(0, bytes.size() - 1)));
        MUST(!copy_data::parse(std::string(bytes) + 'x'));
    }
}

}  // namespace

// Messages of any bytes, each with its length (one byte) in front: alone, in an envelope, and one
// after the other to a follower, in whatever order they come.
FUZZ_TARGET(pgoutput) {
    check_message(input);
    check_envelope(input);
    const auto resources = read_catalog(LARDER_RESOURCES).value();
    Follower follower(resources, "here", {}, key_limit);
    fuzz::Input messages(input);
    while (!messages.is_empty()) {
        const std::string_view bytes = messages.bytes(messages.byte());
        check_message(bytes);
        const auto event = pgoutput::parse(bytes);
        if (event) follower.take(*event, 7);
        if (follower.is_in_transaction()) continue;
        follower.pending() = {};
    }
}
